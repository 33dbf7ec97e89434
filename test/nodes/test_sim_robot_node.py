# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""sim_robot_node over real DDS: engaged from where it is, and deaf to what is no command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import math
import time

from builtin_interfaces.msg import Duration
from motion_avatar_ros.ros.qos import JOINT_STATES
import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from retarget_bench import PERIOD_S
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

pytest.importorskip('mujoco', reason='MuJoCo is not installed')

from motion_avatar_ros.nodes.sim_robot_node import SimRobotNode  # noqa: E402

MAX_VELOCITY_RAD_S = 4.0
START = {'left_elbow_joint': 1.1, 'right_shoulder_roll_joint': -0.6, 'waist_yaw_joint': 0.5}
PENDULUM = (
    '<robot name="p"><link name="base"/><link name="rod"/>'
    '<joint name="hinge" type="revolute"><parent link="base"/><child link="rod"/>'
    '<axis xyz="0 0 1"/><limit lower="-2" upper="2" velocity="9" effort="5"/></joint></robot>')


class SimBench:
    """A simulated robot, somebody who commands it, and ears on its joints."""

    def __init__(self, executor: SingleThreadedExecutor, **overrides) -> None:
        self.node = SimRobotNode(parameter_overrides=[
            Parameter(name, value=value) for name, value in overrides.items()])
        self.executor = executor
        self.warnings: list[str] = []
        self.node.get_logger = lambda: self
        self.info = self.error = self.warning = self.warnings.append
        self.states: list[JointState] = []
        self.other = rclpy.create_node('commander')
        self.other.create_subscription(
            JointState, 'joint_states', self.states.append, JOINT_STATES)
        self.trajectories, self.positions = (
            self.other.create_publisher(kind, f'retarget_node/{topic}', JOINT_STATES)
            for kind, topic in ((JointTrajectory, 'joint_trajectory'),
                                (Float64MultiArray, 'commands')))
        for node in (self.node, self.other):
            executor.add_node(node)

    def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.005)
        return condition()

    @property
    def told(self) -> dict[str, str]:
        level, line, values = self.node._diagnose()
        return {'level': level, 'line': line, **values}

    def point(self, *positions: float, names=('hinge',), after_s: float = 0.1) -> None:
        self.trajectories.publish(JointTrajectory(
            joint_names=list(names), points=[JointTrajectoryPoint(
                positions=list(positions), time_from_start=Duration(nanosec=int(after_s * 1e9)))]))

    def close(self) -> None:
        self.node.close()
        self.other.destroy_node()


@pytest.fixture
def make_sim(ros_domain) -> Iterator[Callable[..., SimBench]]:
    pytest.importorskip('pinocchio', reason='pinocchio is not installed')
    if not rclpy.ok():
        rclpy.init()
    benches: list[SimBench] = []
    own = SingleThreadedExecutor()

    def build(executor: SingleThreadedExecutor | None = None, **overrides) -> SimBench:
        benches.append(SimBench(executor or own, **overrides))
        return benches[-1]

    yield build
    for bench in benches:
        bench.close()
    own.shutdown()
    rclpy.try_shutdown()


@pytest.fixture
def pendulum(make_sim, tmp_path) -> Callable[..., SimBench]:
    def start(**overrides) -> SimBench:
        urdf = tmp_path / 'p.urdf'
        urdf.write_text(PENDULUM)
        bench = make_sim(robot=str(urdf), **overrides)
        assert bench.node.start(), bench.warnings
        assert bench.until(lambda: bench.states and all(
            each.get_subscription_count() for each in (bench.trajectories, bench.positions)))
        return bench

    return start


def test_a_robot_is_engaged_from_where_it_is_and_comes_to_the_operator(make_bench, make_sim):
    bench = make_bench(engage__approach_rad_s=1.5).start()
    sim = make_sim(bench.executor, start_pose=[f'{name}={at}' for name, at in START.items()])
    assert sim.node.start(), sim.warnings
    assert bench.until(lambda: len(sim.states) > 20)
    bench.run(0.5, is_measured=False)
    measured = dict(zip(sim.states[-1].name, sim.states[-1].position))
    assert all(measured[name] == pytest.approx(at, abs=0.05) for name, at in START.items())
    assert not bench.commands
    response = bench.call(bench.engage, SetBool.Request(data=True))
    assert response.success, response.message
    bench.run(3.0, is_measured=False)
    assert bench.node._commands.gate.state.value == 'engaged'
    names, path = bench.commands[0].joint_names, bench.positions()
    first = np.array([measured[name] for name in names])
    assert np.abs(path[0] - first).max() < 0.02
    steps = np.diff(path, axis=0)
    assert np.abs(steps).max() < MAX_VELOCITY_RAD_S * 2 * PERIOD_S
    shown = dict(zip(bench.shown[-1].name, bench.shown[-1].position))
    at = dict(zip(sim.states[-1].name, sim.states[-1].position))
    away = {name: abs(at[name] - shown[name]) for name in names}
    assert max(away.values()) < 0.05, away
    assert sim.told['refused_commands'] == 0


def test_joint_states_are_whole_and_come_at_their_rate(pendulum):
    bench = pendulum(rate_hz=200.0, start_pose=['hinge=0.5'])
    state = bench.states[-1]
    assert state.name == ['hinge'] and list(state.position) == [pytest.approx(0.5)]
    assert len(state.velocity) == len(state.effort) == 1
    begin, start_s = len(bench.states), time.monotonic()
    bench.until(lambda: time.monotonic() > start_s + 1.0)
    assert 100 <= len(bench.states) - begin <= 210
    stamps_s = np.array([each.header.stamp.sec + each.header.stamp.nanosec * 1e-9
                         for each in bench.states])
    assert (np.diff(stamps_s) > 0.0).all()
    assert bench.told['joint_states_rate_hz'] > 100.0


def test_both_kinds_of_commands_move_it_after_the_delay(pendulum):
    bench = pendulum(delay_s=0.3)
    for move, wanted in ((lambda: bench.point(0.8), 0.8), (
            lambda: bench.positions.publish(Float64MultiArray(data=[-0.4])), -0.4)):
        begin = bench.states[-1].position[0]
        sent_s = time.monotonic()
        move()
        assert bench.until(lambda: abs(bench.states[-1].position[0] - begin) > 0.01)
        assert time.monotonic() - sent_s > 0.3
        assert bench.until(lambda: abs(bench.states[-1].position[0] - wanted) < 0.01)


def test_what_is_no_command_is_refused_counted_and_told_once(pendulum):
    bench = pendulum(start_pose=['hinge=0.5'])
    for _ in range(3):
        bench.point(math.nan)
        bench.point(0.1, names=('elbow',))
        bench.positions.publish(Float64MultiArray(data=[0.1] * 5))
    assert bench.until(lambda: bench.told['refused_commands'] == 9)
    assert bench.told['level'] == 1 and 'refused' in bench.told['line']
    assert len(bench.warnings) == 3
    assert all(any(word in line for line in bench.warnings)
               for word in ('not finite', "'elbow' is no joint", '5 positions'))
    begin_s = time.monotonic()
    bench.until(lambda: time.monotonic() > begin_s + 0.2)
    assert bench.states[-1].position[0] == pytest.approx(0.5, abs=1e-3)
    bench.point(9.0)
    assert bench.until(lambda: bench.told['cut_commands'] == 1)
    assert bench.told['level'] == 0


def test_a_pause_of_the_process_is_counted_and_told(pendulum):
    bench = pendulum()
    bench.node._diagnose()
    with bench.node._lock:
        time.sleep(0.5)
    deadline_s = time.monotonic() + 5.0
    while not bench.warnings and time.monotonic() < deadline_s:
        time.sleep(0.01)  # not spun: the node's own diagnostics must not tell it first
    assert any('fell behind' in line for line in bench.warnings)
    assert bench.node._simulation.lost_steps > 100
    told = bench.told
    assert told['level'] == 1 and 'fell behind' in told['line'] and told['late_steps'] > 0


@pytest.mark.parametrize(('overrides', 'word'), [
    ({'robot': 'nobody.urdf'}, 'no such file'), ({'start_pose': ['hinge']}, 'NAME=RADIANS'),
    ({'start_pose': ['elbow=1']}, 'elbow'), ({'start_pose': ['hinge=9']}, '-2 .. 2'),
    ({'position_names': ['elbow']}, 'position_names'), ({'base': 'loose'}, 'fixed')])
def test_a_mistake_is_one_line_and_leaves_the_node_unconfigured(
    make_sim, tmp_path, overrides, word
):
    urdf = tmp_path / 'p.urdf'
    urdf.write_text(PENDULUM)
    bench = make_sim(**{'robot': str(urdf), **overrides})
    assert not bench.node.start()
    assert bench.node.state_label == 'unconfigured'
    assert word in bench.node.last_transition_error
    assert '\n' not in bench.node.last_transition_error


def test_it_starts_afresh_when_it_is_activated_again(pendulum):
    bench = pendulum()
    bench.point(0.8)
    assert bench.until(lambda: bench.states[-1].position[0] > 0.7)
    bench.node.trigger_deactivate()
    bench.until(lambda: False, 0.2)
    count = len(bench.states)
    bench.until(lambda: False, 0.2)
    assert len(bench.states) == count
    bench.node.trigger_activate()
    assert bench.until(lambda: len(bench.states) > count)
    assert bench.states[-1].position[0] == pytest.approx(0.0, abs=1e-3)
