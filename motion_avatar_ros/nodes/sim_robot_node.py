# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A simulated robot in the place of a real one: commands in, measured joint states out.

It takes the commands of retarget_node as the controllers of ros2_control take them, and its
joints follow as motors with limited torque let them. What no controller would take is refused
and counted. Physics keep pace with the steady clock; when they cannot, that is counted and said.
They run in a thread of their own: a timer of rclpy costs ten times as much as they do,
and would wait for other nodes of a composed process.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
import sys
import threading
import time
import traceback
from typing import Any

from geometry_msgs.msg import PoseStamped
import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from motion_avatar_ros.nodes.sim_robot_parameters import (
    SIM_ROBOT_PARAMETERS, position_names, simulation_settings, start_pose,
)
from motion_avatar_ros.retarget.joint_controller import CommandRefusedError, JointController
from motion_avatar_ros.retarget.real_time_simulation import RealTimeSimulation
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.simulated_robot import MeasuredState, SimulatedRobot
from motion_avatar_ros.retarget.simulation_model import Base
from motion_avatar_ros.ros.body_messages import stamp_ns, values_message
from motion_avatar_ros.ros.diagnostics import (
    ERROR, OK, WARN, DiagnosticsPublisher, LatencyMeter, RateMeter,
)
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.ros.problem_log import ProblemLog
from motion_avatar_ros.ros.qos import JOINT_STATES
from motion_avatar_ros.ros.robot_messages import pose_message, take_trajectory

_LATE_PERIODS = 2.0
_BEHIND = 'the simulation fell behind and left time out: the machine is too slow or too busy'
_COLLAPSED = 'the simulation collapsed and put the robot to zero: are its inertias right?'


class SimRobotNode(AvatarLifecycleNode):
    """Wires command topics, a simulation and joint states."""

    def __init__(self, **node_arguments: Any) -> None:
        self._publishers_made: list[Any] = []
        self._subscriptions_made: list[Any] = []
        self._thread: threading.Thread | None = None
        self._must_stop = threading.Event()
        self._lock = threading.Lock()   # of the controller
        super().__init__('sim_robot_node', SIM_ROBOT_PARAMETERS, **node_arguments)
        self._diagnostics = DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._diagnose)

    def configure(self, parameters: dict[str, Any]) -> None:
        """Load the robot, and make the publishers."""
        self._values = parameters
        model = RobotModel.load(parameters['robot'])
        self._base_link, self._robot_name = model.base_link, model.name
        self._robot = SimulatedRobot(
            model, simulation_settings(parameters), start_pose(parameters))
        self._controller = self._new_controller()
        for line in self._robot.simulation.notes:
            self.get_logger().info(f"robot '{model.name}': {line}")
        self._states = self.create_lifecycle_publisher(
            JointState, parameters['joint_states_topic'], JOINT_STATES)
        self._publishers_made = [self._states]
        self._base: Any = None
        if parameters['base'] == Base.FREE.value:
            self._base = self.create_lifecycle_publisher(
                PoseStamped, '~/base_pose', JOINT_STATES)
            self._publishers_made.append(self._base)

    def activate(self) -> None:
        """Put the robot into its start pose, and let time pass."""
        values = self._values
        self._command_problems, self._pace_problems = ProblemLog(self), ProblemLog(self)
        self._command_rate, self._state_rate = RateMeter(), RateMeter()
        self._work = LatencyMeter()
        self._failure: str | None = None
        self._refused = self._lost_told = self._collapses = 0
        self._robot.restart()
        self._controller = self._new_controller()
        period_s = 1.0 / values['rate_hz']
        self._simulation = RealTimeSimulation(
            self._robot, self._controller, time.monotonic(), _LATE_PERIODS * period_s)
        self._subscriptions_made = [
            self.create_subscription(
                JointTrajectory, values['trajectory_topic'], self._on_trajectory, JOINT_STATES),
            self.create_subscription(
                Float64MultiArray, values['position_topic'], self._on_positions, JOINT_STATES)]
        self._must_stop.clear()
        self._thread = threading.Thread(
            target=self._run, args=(period_s,), name='sim_robot', daemon=True)
        self._thread.start()

    def deactivate(self) -> None:
        """Stop the time."""
        self._must_stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for subscription in self._subscriptions_made:
            self.destroy_subscription(subscription)
        self._subscriptions_made = []

    def cleanup(self) -> None:
        """Free the publishers."""
        for publisher in self._publishers_made:
            self.destroy_lifecycle_publisher(publisher)
        self._publishers_made = []

    def _new_controller(self) -> JointController:
        robot, values = self._robot, self._values
        try:
            return JointController(
                robot.names, robot.lower, robot.upper, robot.start, values['delay_s'],
                position_names(values), values['interpolate_from_desired_state'])
        except CommandRefusedError as error:
            raise ParameterError(f"parameter 'position_names': {error}") from None

    def _on_trajectory(self, message: JointTrajectory) -> None:
        now_s = time.monotonic()
        stamp = stamp_ns(message.header.stamp)
        start_s = None if stamp == 0 else (
            now_s + (stamp - self.get_clock().now().nanoseconds) * 1e-9)
        self._take(self._values['trajectory_topic'], lambda: take_trajectory(
            self._controller, message, now_s, start_s))

    def _on_positions(self, message: Float64MultiArray) -> None:
        self._take(self._values['position_topic'], lambda: self._controller.take_positions(
            message.data, time.monotonic()))

    def _take(self, topic: str, take: Callable[[], None]) -> None:
        """Take a command, or say why not."""
        self._command_rate.tick()
        try:
            with self._lock:
                take()
        except CommandRefusedError as error:
            self._refused += 1
            self._command_problems.say(f"command on '{topic}' refused: {error}")
            return
        self._command_problems.say(None)

    def _run(self, period_s: float) -> None:
        """Let time pass until a stop is asked."""
        due_s = time.monotonic()
        try:
            while not self._must_stop.wait(max(0.0, due_s - time.monotonic())):
                self._pass()
                due_s = max(due_s + period_s, time.monotonic())
        except Exception:
            self._failure = 'the simulation ended with an error, which is in the log'
            self.get_logger().error(traceback.format_exc())

    def _pass(self) -> None:
        """Let the time pass that has passed, and tell where the joints are."""
        simulation = self._simulation
        started_s, lost, steps = time.monotonic(), simulation.lost_steps, simulation.steps
        with self._lock:
            state = simulation.advance(started_s)
        if simulation.steps == steps:
            return
        if simulation.lost_steps > lost:
            self._pace_problems.say(_BEHIND)
        if self._robot.collapses > self._collapses:
            self._collapses = self._robot.collapses
            self._pace_problems.say(_COLLAPSED)
        ended_s = time.monotonic()
        self._work.add(ended_s - started_s)
        age_ns = round((ended_s - simulation.time_s) * 1e9)
        self._publish(state, self.get_clock().now().nanoseconds - age_ns)

    def _publish(self, state: MeasuredState, time_ns: int) -> None:
        message = values_message(
            self._robot.names, state.positions, time_ns, self._base_link)
        message.velocity, message.effort = (
            array('d', np.ascontiguousarray(each).tobytes())
            for each in (state.velocities, state.efforts))
        self._states.publish(message)
        self._state_rate.tick()
        if self._base is not None:
            position, rotation = self._robot.base_pose
            self._base.publish(pose_message(rotation, position, time_ns, 'odom'))

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        if self._thread is None:
            error = self.last_transition_error
            return (OK if error is None else ERROR), error or self.state_label, {
                'state': self.state_label}
        simulation = self._simulation
        values = {
            'state': self.state_label,
            'robot': self._robot_name,
            'base': self._values['base'],
            'command_rate_hz': self._command_rate.rate_hz(),
            'joint_states_rate_hz': self._state_rate.rate_hz(),
            **self._work.values('step'),
            'steps': simulation.steps,
            'late_steps': simulation.late_steps,
            'lost_steps': simulation.lost_steps,
            'collapses': self._collapses,
            'refused_commands': self._refused,
            'cut_commands': self._controller.cut,
        }
        # What is lost is told once; until it happens again the pace is kept.
        has_lost, self._lost_told = (
            simulation.lost_steps > self._lost_told, simulation.lost_steps)
        if self._failure is not None:
            return ERROR, self._failure, values
        if self._collapses:
            return ERROR, _COLLAPSED, values
        if has_lost:
            return WARN, _BEHIND, values
        if self._command_problems.problem is not None:
            return WARN, self._command_problems.problem, values
        return OK, 'following' if values['command_rate_hz'] else 'no commands', values


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(SimRobotNode, args)


if __name__ == '__main__':
    sys.exit(main())
