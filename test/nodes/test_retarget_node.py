# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""retarget_node over real DDS: what it commands, and when it is silent."""

from __future__ import annotations

import math
import time

from motion_avatar_ros.retarget.urdf import find_urdf
from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED
from motion_avatar_ros.safety.body_stream import LONGEST_FRAME_S
import numpy as np
import pytest
from retarget_bench import PERIOD_S
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory


def test_it_shows_the_robot_but_commands_nothing_before_engage(make_bench) -> None:
    bench = make_bench().start()
    bench.run(0.5)
    shown = bench.shown[-1]
    assert len(shown.name) == 29 and len(bench.shown) >= 20
    elbow = shown.position[shown.name.index('left_elbow_joint')]
    assert math.isfinite(elbow)
    assert stamp_ns(shown.header.stamp) > 0 and shown.header.frame_id == 'odom'
    assert not bench.commands


def test_engage_without_measured_joints_is_refused_with_the_reason(make_bench) -> None:
    bench = make_bench().start()
    bench.run(0.3, is_measured=False)
    response = bench.call(bench.engage, SetBool.Request(data=True))
    assert not response.success and 'joint states do not come' in response.message
    bench.run(0.2, is_measured=False)
    assert not bench.commands


def test_engage_begins_at_the_measured_joints_and_never_jumps(make_bench) -> None:
    bench = make_bench().start()
    bench.stand()
    response = bench.call(bench.engage, SetBool.Request(data=True))
    assert response.success, response.message
    bench.run(2.0, lambda time_s: 0.6 + 0.5 * math.sin(6.0 * time_s))
    positions = bench.positions()
    assert np.abs(positions[0]).max() < 0.06
    assert np.abs(np.diff(positions, axis=0)).max() < 0.06  # 0.5 rad/s, at most 0.1 s
    names = bench.commands[0].joint_names
    assert 'left_elbow_joint' in names and 'waist_yaw_joint' in names
    assert not any('knee' in name or 'hip' in name or 'ankle' in name for name in names)


def test_a_stop_silences_at_once_and_stays(make_bench) -> None:
    bench = make_bench().start()
    bench.stand()
    bench.call(bench.engage, SetBool.Request(data=True))
    bench.run(0.3)
    assert bench.commands
    bench.call(bench.stop, Trigger.Request())
    count = len(bench.commands)
    bench.run(0.3)
    assert len(bench.commands) <= count + 1  # one that was on its way
    response = bench.call(bench.engage, SetBool.Request(data=True))
    assert not response.success and 'reset first' in response.message
    assert bench.call(bench.engage, SetBool.Request(data=False)).success
    assert not bench.call(bench.engage, SetBool.Request(data=True)).success
    assert bench.call(bench.reset, Trigger.Request()).success
    assert bench.call(bench.engage, SetBool.Request(data=True)).success


def test_a_body_that_stops_is_held_and_its_return_does_not_jump(make_bench) -> None:
    bench = make_bench().start()
    bench.stand()
    bench.call(bench.engage, SetBool.Request(data=True))
    bench.run(0.5)
    bench.run(0.6, None)
    count = len(bench.commands)
    bench.run(0.3, None)
    held = bench.positions()[count:]
    assert len(held) >= 3 and np.abs(held - held[0]).max() < 1e-6
    bench.run(0.5, lambda _: 1.8)
    assert not bench.node._commands.wall.rejected
    assert np.abs(np.diff(bench.positions(), axis=0)).max() < 4.0 * LONGEST_FRAME_S


@pytest.mark.parametrize('spoil, reason', [
    (lambda m: m.position.__setitem__(10, math.nan), 'finite'),
    (lambda m: setattr(m, 'name', m.name[:-1]), 'name'),
    (lambda m: setattr(m.header.stamp, 'sec', m.header.stamp.sec - 60), 'old'),
    (lambda m: setattr(m.header, 'frame_id', ''), 'frame_id'),
], ids=['nan', 'missing name', 'old stamp', 'no frame'])
def test_a_bad_body_message_moves_nothing_and_is_named(make_bench, spoil, reason) -> None:
    bench = make_bench().start()
    bench.run(0.2)
    count = len(bench.shown)
    message = bench.message(0.5)
    spoil(message)
    bench.body.publish(message)
    assert bench.until(lambda: bool(bench.warnings))
    assert reason in bench.warnings[-1]
    assert len(bench.shown) <= count + 1


def test_two_publishers_of_the_body_are_held(make_bench) -> None:
    bench = make_bench().start()
    bench.run(0.2)
    bench.other.create_publisher(JointState, 'avatar_node/joint_states', JOINT_STATES)
    assert bench.until(lambda: any('2 publishers' in line for line in bench.warnings))
    bench.shown.clear()
    bench.run(0.3)
    assert not bench.shown


def test_forward_commands_come_in_the_controllers_order(make_bench) -> None:
    names = ['right_elbow_joint', 'left_elbow_joint']
    bench = make_bench(command__interface='forward', command__names=names).start()
    bench.stand()
    bench.joints |= {'right_elbow_joint': 0.3, 'left_elbow_joint': 1.1}
    bench.run(0.1)
    assert bench.call(bench.engage, SetBool.Request(data=True)).success
    bench.run(0.2)
    assert bench.values[0].data == pytest.approx([0.3, 1.1], abs=0.06)


@pytest.mark.parametrize('names, reason', [
    (['left_elbow'], 'no joint of the robot'),
    (['left_knee_joint'], 'whole_body'),
    (['left_elbow_joint', 'left_elbow_joint'], 'twice'),
])
def test_joints_that_may_not_be_commanded_refuse_configure(make_bench, names, reason) -> None:
    bench = make_bench(command__names=names)
    assert not bench.node.start()
    assert reason in bench.node.last_transition_error


def test_a_whole_body_is_warned_of(make_bench) -> None:
    bench = make_bench(command__joints='whole_body').start()
    assert any('fixed base or in simulation only' in line for line in bench.warnings)


def test_the_robot_may_come_by_topic(make_bench) -> None:
    bench = make_bench(robot='').start()
    bench.run(0.2)
    assert not bench.shown
    assert not bench.call(bench.engage, SetBool.Request(data=True)).success
    latched = bench.other.create_publisher(String, 'robot_description', LATCHED)
    latched.publish(String(data='<robot name="nothing"><link name="a"/></robot>'))
    assert bench.until(lambda: any('no joint that turns' in line for line in bench.warnings))
    latched.publish(String(data=find_urdf('g1').read_text()))
    assert bench.until(lambda: bench.node._retargeter is not None)
    bench.run(0.3)
    assert bench.shown
    # Another robot does not undo a stop.
    assert bench.call(bench.stop, Trigger.Request()).success
    latched.publish(String(data=find_urdf('talos').read_text()))
    assert bench.until(lambda: any('once disengaged' in line for line in bench.warnings))
    assert bench.node._commands.gate.state.value == 'stopped'
    assert len(bench.node._retargeter.robot.joints) == 29


def test_joint_states_may_come_in_parts_but_every_part_must_go_on(make_bench) -> None:
    bench = make_bench().start()
    bench.run(0.3, is_measured=False)
    names = bench.shown[-1].name
    parts = [names[:15], names[15:], ['gripper']]

    def run(seconds: float, of: list[list[str]]) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            for part in of:
                bench.robot_state.publish(JointState(name=part, position=[0.0] * len(part)))
            bench.run(2 * PERIOD_S, is_measured=False)

    run(0.2, parts[:1])
    response = bench.call(bench.engage, SetBool.Request(data=True))
    assert not response.success and 'lack' in response.message
    run(0.2, parts)
    assert bench.call(bench.engage, SetBool.Request(data=True)).success
    run(1.0, parts[:1])
    assert bench.node._commands.gate.state.value == 'disengaged'
    assert 'joint states stopped' in bench.node._commands.gate.reason


def test_commands_go_to_the_controllers_topic(make_bench) -> None:
    bench = make_bench(command__topic='/arms/joint_trajectory').start()
    bench.other.create_subscription(
        JointTrajectory, '/arms/joint_trajectory', bench.commands.append, JOINT_STATES)
    bench.stand()
    assert bench.call(bench.engage, SetBool.Request(data=True)).success
    bench.run(0.3)
    assert bench.commands


def test_an_output_rate_of_its_own_is_kept_between_bodies(make_bench) -> None:
    bench = make_bench(output_rate_hz=200.0).start()
    bench.run(0.5)
    bench.shown.clear()
    bench.run(1.0, lambda now_s: 0.6 + 0.4 * math.sin(3.0 * now_s))
    assert 140 <= len(bench.shown) <= 230      # 60 bodies came
    stamps = [stamp_ns(message.header.stamp) for message in bench.shown]
    assert stamps == sorted(stamps)
    elbow = bench.shown[0].name.index('left_elbow_joint')
    steps = np.abs(np.diff([message.position[elbow] for message in bench.shown]))
    assert steps.max() < 0.05 and (steps > 1e-5).mean() > 0.6
    # A body that stops is shown to its end, and no further.
    bench.run(0.6, None)
    count = len(bench.shown)
    bench.run(0.3, None)
    assert len(bench.shown) == count


def test_commands_at_their_own_rate_begin_at_the_measured_joints(make_bench) -> None:
    bench = make_bench(output_rate_hz=200.0).start()
    bench.stand()
    assert bench.call(bench.engage, SetBool.Request(data=True)).success
    bench.run(1.0)
    positions = np.array([command.points[0].positions for command in bench.commands])
    assert len(positions) > 100 and np.abs(positions[0]).max() < 0.02
    assert np.abs(np.diff(positions, axis=0)).max() < 0.03


def test_an_upper_body_is_followed_on_legs_that_stand(make_bench) -> None:
    bench = make_bench(mode='upper_body').start()
    bench.run(0.5)
    positions = dict(zip(bench.shown[-1].name, bench.shown[-1].position))
    assert positions['left_knee_joint'] == bench.shown[0].position[
        bench.shown[0].name.index('left_knee_joint')]
    assert abs(positions['left_elbow_joint']) > 0.05


def test_a_filter_smooths_what_trembles(make_bench) -> None:
    rng = np.random.default_rng(0)

    def trembles(bench) -> float:
        bench.start()
        bench.run(1.0, lambda _: 0.6 + 0.03 * rng.normal())
        elbow = bench.shown[0].name.index('left_elbow_joint')
        values = [message.position[elbow] for message in bench.shown[20:]]
        bench.close()   # one node of its name at a time
        return float(np.std(np.diff(values)))

    plain = trembles(make_bench())
    smooth = trembles(make_bench(
        filter__min_cutoff_hz=1.0, filter__rotation_min_cutoff_hz=1.0,
        filter__rotation_beta=0.0))
    assert smooth < 0.6 * plain


def test_each_stage_is_measured_and_the_one_over_its_budget_is_named(make_bench) -> None:
    bench = make_bench(output_rate_hz=100.0, latency__publish_ms=0.0).start()
    bench.run(0.5)
    level, _, values = bench.node._diagnose()
    assert level == 0
    for stage in ('body_age', 'retarget', 'publish', 'input_to_publish'):
        assert values[f'stage.{stage}_p50_ms'] > 0.0, stage
    # One interval of the input, as the node says of its output_rate_hz.
    assert 5.0 < values['stage.hold_back_p50_ms'] < 200.0
    for _ in range(700):
        bench.node._stages.add(
            body_age=0.001, retarget=0.025, hold_back=0.017, publish=0.1, input_to_publish=0.15)
    level, line, _ = bench.node._diagnose()
    assert level == 1 and 'retarget takes 25.0 ms (p50), latency.retarget_ms is 16.7' in line
    assert [each for each in bench.warnings if 'latency: ' in each] == [
        'latency: retarget takes 25.0 ms (p50), latency.retarget_ms is 16.7']
