# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What stands between a fault and the robot, in the node itself over real DDS."""

from __future__ import annotations

import ast
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticStatus
from motion_avatar_ros.retarget.urdf import find_urdf
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED
import numpy as np
import pytest
from retarget_bench import PERIOD_S, RetargetBench
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger

PACKAGE = Path(__file__).resolve().parents[2] / 'motion_avatar_ros'
COMMAND_MESSAGES = {'JointTrajectory', 'Float64MultiArray'}


def engaged(bench: RetargetBench) -> RetargetBench:
    bench.start()
    bench.stand()
    assert bench.call(bench.engage, SetBool.Request(data=True)).success
    bench.run(0.3)
    assert bench.commands
    return bench


def state(bench: RetargetBench) -> str:
    return bench.node._commands.gate.state.value


def test_commands_are_made_in_one_place_and_published_from_one_line():
    makers, publishers = {}, {}
    for path in PACKAGE.rglob('*.py'):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = getattr(node.func, 'id', getattr(node.func, 'attr', ''))
                if called in COMMAND_MESSAGES:
                    makers.setdefault(path.name, []).append(node.lineno)
                if called in ('trajectory', 'forward_command'):
                    publishers.setdefault(path.name, []).append(node.lineno)
    assert list(makers) == ['robot_messages.py']
    assert list(publishers) == ['robot_commands.py'] and len(publishers['robot_commands.py']) == 2
    source = (PACKAGE / 'nodes' / 'robot_commands.py').read_text()
    # Both are in the one method that is called with what has passed the wall.
    assert source.count('self._publish(') == 2
    assert source.count('self._put_out(') == 1
    assert 'self._put_out(self.wall.passed(joints, dt_s))' in source


@pytest.mark.parametrize(('bug', 'rule'), [
    (lambda joints: joints * np.nan, 'finite'), (lambda joints: joints + 0.2, 'velocity'),
    (lambda joints: joints[:-1], 'joints')])
def test_a_bug_behind_the_gate_does_not_reach_the_robot(make_bench, bug, rule):
    bench = engaged(make_bench())
    gate = bench.node._commands.gate
    command = gate.command

    def broken(*arguments):
        joints = command(*arguments)
        return joints if joints is None else bug(joints)

    gate.command = broken
    count = len(bench.commands)
    bench.run(0.5)
    assert bench.node._commands.wall.rejected[rule] == 3
    assert state(bench) == 'disengaged' and 'nothing is sent any more' in gate.reason
    assert count < len(bench.commands) <= count + 5
    positions = bench.positions()
    assert np.isfinite(positions).all()
    assert np.abs(np.diff(positions, axis=0)).max() < 4.0 * 2 * PERIOD_S


def test_a_deadman_that_is_released_holds_and_one_that_is_pressed_goes_on(make_bench):
    # Long, so that a busy machine's pauses are not taken for the robot's.
    bench = make_bench(deadman__topic='button', engage__state_timeout_s=2.0)
    button = bench.other.create_publisher(Bool, 'button', JOINT_STATES)
    timer = bench.other.create_timer(0.05, lambda: button.publish(Bool(data=bench.is_pressed)))
    bench.is_pressed = True
    bench.start()
    assert bench.until(lambda: button.get_subscription_count() == 1)
    bench.stand()
    assert bench.call(bench.engage, SetBool.Request(data=True)).success
    bench.run(0.4)
    assert state(bench) in ('aligning', 'engaged')
    bench.is_pressed = False
    bench.run(0.3)
    assert state(bench) == 'hold' and 'released' in bench.node._commands.gate.reason
    bench.is_pressed = True
    bench.run(0.3)
    assert state(bench) in ('aligning', 'engaged')
    timer.cancel()
    bench.run(0.6)
    assert state(bench) == 'hold' and 'silent' in bench.node._commands.gate.reason


def test_a_joystick_without_that_button_never_counts_as_pressed(make_bench):
    bench = make_bench(deadman__topic='joy', deadman__button=7).start()
    joy = bench.other.create_publisher(Joy, 'joy', JOINT_STATES)
    bench.other.create_timer(0.05, lambda: joy.publish(Joy(buttons=[1, 1])))
    bench.stand()
    response = bench.call(bench.engage, SetBool.Request(data=True))
    assert not response.success and 'no body' in response.message
    bench.run(0.3)
    assert not bench.commands


def test_bodies_that_come_late_by_their_stamps_hold_the_robot(make_bench):
    bench = engaged(make_bench(late_after_s=0.2))
    message = bench.message

    def late(bend_rad):
        body = message(bend_rad)
        stamp_ns = body.header.stamp.sec * 10**9 + body.header.stamp.nanosec - 400_000_000
        body.header.stamp.sec, body.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        return body

    bench.message = late
    bench.run(0.8)
    assert state(bench) == 'hold' and '0.4 s late' in bench.node._commands.gate.reason
    bench.message = message
    bench.run(0.3)
    assert state(bench) in ('aligning', 'engaged')


def test_the_state_is_latched_and_says_how_far_each_limb_is_away(make_bench):
    bench = make_bench().start()
    bench.stand()
    told: list[DiagnosticStatus] = []
    bench.other.create_subscription(
        DiagnosticStatus, 'retarget_node/state', told.append, LATCHED)
    bench.run(0.5)
    values = {pair.key: pair.value for pair in told[-1].values}
    assert values['engage_state'] == 'disengaged'
    assert float(values['mismatch.left_arm_rad']) > 0.2
    assert bench.call(bench.stop, Trigger.Request()).success
    assert bench.until(lambda: told[-1].message.startswith('stopped'))


@pytest.mark.parametrize('is_reset', [False, True])
def test_a_stop_before_the_robot_came_counts_when_it_does(make_bench, is_reset):
    bench = make_bench(robot='').start()
    assert bench.call(bench.stop, Trigger.Request()).success
    if is_reset:
        answer = bench.call(bench.reset, Trigger.Request())
        assert answer.success and 'no longer stopped' in answer.message
    latched = bench.other.create_publisher(String, 'robot_description', LATCHED)
    latched.publish(String(data=find_urdf('g1').read_text()))
    assert bench.until(lambda: bench.node._commands is not None)
    assert state(bench) == ('disengaged' if is_reset else 'stopped')


def test_a_stop_outlives_a_new_configuration(make_bench):
    bench = engaged(make_bench())
    assert bench.call(bench.stop, Trigger.Request()).success
    for transition in (bench.node.trigger_deactivate, bench.node.trigger_cleanup,
                       bench.node.trigger_configure, bench.node.trigger_activate):
        transition()
    assert bench.until(lambda: bench.engage.service_is_ready())
    bench.run(0.3)
    assert not bench.call(bench.engage, SetBool.Request(data=True)).success
    assert bench.call(bench.reset, Trigger.Request()).success
    assert state(bench) == 'disengaged'
