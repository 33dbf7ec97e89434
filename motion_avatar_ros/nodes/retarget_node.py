# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A humanoid robot that follows the body: body JointState in, robot JointState and commands out.

`~/joint_states` shows what the robot would do. Command topics are silent until `~/engage`, then
begin at the measured joints (`safety.engage_gate`). `~/stop` silences them and stays. It is not
an emergency stop, and nothing here keeps a robot's balance: legs are commanded only when asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import sys
import time
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.qos import QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String
from std_srvs.srv import SetBool, Trigger
from tf2_msgs.msg import TFMessage
from trajectory_msgs.msg import JointTrajectory

from motion_avatar_ros.body.avatar_urdf import AvatarDescriptionError, offsets_from_urdf
from motion_avatar_ros.body.joint_state import JointStateError
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.retarget_parameters import (
    FORWARD, RETARGET_PARAMETERS, TRAJECTORY, WHOLE_BODY, commanded_joints,
)
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.retarget.mapping_file import read_mapping
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.solver import RobotPose
from motion_avatar_ros.retarget.urdf import parse_urdf
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns, values_message
from motion_avatar_ros.ros.diagnostics import (
    ERROR, OK, WARN, DiagnosticsPublisher, LatencyMeter, RateMeter,
)
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, TF
from motion_avatar_ros.ros.robot_messages import (
    base_transform, forward_command, measured_joints, trajectory,
)
from motion_avatar_ros.safety.engage_gate import (
    EngageError, EngageGate, EngageState, GateSettings,
)

_WATCH_PERIOD_S = 0.05
_LONGEST_FRAME_S = 0.1      # a longer pause is no reason to move further in one frame
_RESTART_S = 1.0            # a stamp this far back is a source that began anew
_REPEAT_S = 10.0
_BALANCE = ('command.joints is whole_body: use it with a fixed base or in simulation only; '
            'nothing here keeps a robot from falling')


class RetargetNode(AvatarLifecycleNode):
    """Wires body, robot, gate and command topics."""

    def __init__(self, **node_arguments: Any) -> None:
        self._entities: list[tuple[Any, Any]] = []  # what destroys, and what
        self._outputs: list[Any] = []
        self._retargeter: Retargeter | None = None
        self._gate: EngageGate | None = None
        self._problem: str | None = None
        super().__init__('retarget_node', RETARGET_PARAMETERS, **node_arguments)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._diagnose)

    def configure(self, parameters: dict[str, Any]) -> None:
        """Load the robot if it is named, and make the publishers."""
        self._values = parameters
        self._input_rate, self._work, self._latency = RateMeter(), LatencyMeter(), LatencyMeter()
        self._refused = 0
        self._offsets_m: np.ndarray | None = None
        make = self.create_lifecycle_publisher
        self._states = make(JointState, '~/joint_states', JOINT_STATES)
        self._description = make(String, '~/robot_description', LATCHED)
        self._outputs = [self._states, self._description]
        self._tf = self._commands = None
        if parameters['publish_tf']:
            self._make_tf()
        kinds = {TRAJECTORY: (JointTrajectory, '~/joint_trajectory'),
                 FORWARD: (Float64MultiArray, '~/commands')}
        if parameters['command.interface'] in kinds:
            self._commands = make(*kinds[parameters['command.interface']], JOINT_STATES)
            self._outputs.append(self._commands)
        if parameters['robot']:
            self._take_robot(RobotModel.load(parameters['robot']))

    def activate(self) -> None:
        """Subscribe, offer the services, disengaged."""
        values = self._values
        newest_only = QoSProfile(
            depth=1, reliability=JOINT_STATES.reliability, durability=JOINT_STATES.durability)
        self._problem = None
        self._said_s: dict[str, float] = {}
        self._body_publishers = 0
        self._stamp_ns: int | None = None
        self._received_s = float('-inf')
        self._commanded_s: float | None = None
        topics: list[tuple[Any, str, Any, Any]] = [
            (JointState, values['body_topic'], self._on_body, newest_only),
            (String, values['description_topic'], self._on_person, LATCHED),
            (JointState, values['robot_state_topic'], self._on_robot_state, newest_only),
        ]
        if not values['robot']:
            topics.append((String, values['robot_description_topic'], self._on_robot, LATCHED))
        subscriptions = [self.create_subscription(*topic) for topic in topics]
        services = [self.create_service(SetBool, '~/engage', self._on_engage),
                    self.create_service(Trigger, '~/stop', self._on_stop)]
        self._body_topic = subscriptions[0].topic_name
        self._entities = [
            *((self.destroy_subscription, each) for each in subscriptions),
            *((self.destroy_service, each) for each in services),
            (self.destroy_timer, self.create_timer(
                _WATCH_PERIOD_S, self._watch, clock=self._steady))]
        if self._retargeter is not None:
            self._retargeter.solver.reset()
            self._description.publish(String(data=self._retargeter.robot.description))
        if values['command.joints'] == WHOLE_BODY and self._commands is not None:
            self.get_logger().warning(_BALANCE)

    def deactivate(self) -> None:
        """Disengage, and stop listening."""
        if self._gate is not None and self._gate.state is not EngageState.STOPPED:
            self._gate.disengage('the node was deactivated')
        for destroy, entity in self._entities:
            destroy(entity)
        self._entities = []

    def cleanup(self) -> None:
        """Free the publishers and the robot."""
        for publisher in self._outputs:
            self.destroy_lifecycle_publisher(publisher)
        self._outputs = []
        self._retargeter = self._gate = None

    def _make_tf(self) -> None:
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            self.get_logger().warning(
                'tf2_msgs is not installed: the base of the robot is not put on /tf')
            return
        self._tf_message = TFMessage
        self._tf = self.create_lifecycle_publisher(TFMessage, '/tf', TF)
        self._outputs.append(self._tf)

    def _take_robot(self, robot: RobotModel) -> None:
        values = self._values
        plan = read_mapping(values['mapping_file'], robot) if values['mapping_file'] else None
        retargeter = Retargeter(
            robot, None, values['limits.max_velocity_rad_s'],
            values['limits.max_acceleration_rad_s2'], plan=plan)
        if self._offsets_m is not None:
            retargeter.measure_person(self._offsets_m)
        commanded = np.array(commanded_joints(retargeter, values), dtype=int)
        limits = retargeter.limits
        self._joint_names = [joint.name for joint in robot.joints]
        self._command_names = [self._joint_names[number] for number in commanded]
        self._commanded = commanded
        self._gate = EngageGate(
            self._command_names,
            JointLimits(
                limits.lower[commanded], limits.upper[commanded],
                np.minimum([robot.joints[number].velocity for number in commanded],
                           values['command.max_velocity_rad_s']),
                np.full(len(commanded), values['command.max_acceleration_rad_s2'])),
            GateSettings(
                approach_rad_s=values['engage.approach_rad_s'],
                approach_s=values['engage.approach_s'], hold_s=values['engage.hold_s'],
                state_timeout_s=values['engage.state_timeout_s'],
                max_deviation_rad=values['engage.max_deviation_rad']))
        self._retargeter = retargeter
        for line in (*retargeter.plan.doubts, *robot.notes):
            self.get_logger().info(f"robot '{robot.name}': {line}")

    def _on_robot(self, message: String) -> None:
        """Take the robot; another one while commands leave is refused."""
        if self._retargeter is not None and (
                message.data == self._retargeter.robot.description):
            return
        if self._gate is not None and self._gate.is_commanding:
            self._say("another robot_description came while engaged; it is not used")
            return
        try:
            self._take_robot(RobotModel(parse_urdf(message.data)))
        except MotionAvatarError as error:
            self._say(f"'{self._values['robot_description_topic']}': {error}")
            return
        self._description.publish(String(data=message.data))

    def _on_person(self, message: String) -> None:
        try:
            self._offsets_m = offsets_from_urdf(message.data)
        except AvatarDescriptionError as error:
            self.get_logger().warning(f'{error}; the person keeps their size')
            return
        if self._retargeter is not None:
            self._retargeter.measure_person(self._offsets_m)

    def _on_robot_state(self, message: JointState) -> None:
        if self._gate is not None:
            self._gate.measure(
                measured_joints(message, self._command_names), time.monotonic())

    def _on_body(self, message: JointState) -> None:
        """Follow one pose."""
        started_s = time.monotonic()
        self._input_rate.tick(started_s)
        if self._retargeter is None or self._body_publishers > 1:
            return
        stamp = stamp_ns(message.header.stamp)
        age_s = (self.get_clock().now().nanoseconds - stamp) * 1e-9
        try:
            elapsed_s = self._elapsed_s(stamp, age_s)
            if not message.header.frame_id:
                raise JointStateError('header.frame_id is empty, so the place is unknown')
            pose = self._retargeter.step(pose_from_message(message), elapsed_s)
        except JointStateError as error:
            self._refused += 1
            self._say(f"body topic '{self._values['body_topic']}': {error}")
            return
        self._stamp_ns, self._received_s = stamp, started_s
        self._say(None)
        self._show(pose, stamp, message.header.frame_id)
        self._command(pose.joints[self._commanded], started_s)
        self._work.add(time.monotonic() - started_s)
        self._latency.add(age_s)

    def _elapsed_s(self, stamp: int, age_s: float) -> float:
        """Return the time since the pose before; JointStateError for a stamp out of order."""
        if age_s > self._values['max_age_s']:
            raise JointStateError(
                f'its stamp is {age_s:.2f} s old; allowed: {self._values["max_age_s"]:g} s (do '
                'the clocks agree?)')
        if self._stamp_ns is None or stamp < self._stamp_ns - _RESTART_S * 1e9:
            return _LONGEST_FRAME_S
        elapsed_s = (stamp - self._stamp_ns) * 1e-9
        if elapsed_s <= 0.0:
            raise JointStateError('its stamp is not later than that of the pose before')
        return min(elapsed_s, _LONGEST_FRAME_S)

    def _show(self, pose: RobotPose, stamp: int, frame_id: str) -> None:
        self._states.publish(values_message(self._joint_names, pose.joints, stamp, frame_id))
        if self._tf is not None:
            assert self._retargeter is not None
            beside_m = np.array([
                self._values['base_offset_x_m'], self._values['base_offset_y_m'], 0.0])
            self._tf.publish(self._tf_message(transforms=[base_transform(
                pose.base_rotation, pose.base_position + beside_m, stamp, frame_id,
                self._values['frame_prefix'] + self._retargeter.robot.base_link)]))

    def _command(self, target: np.ndarray | None, now_s: float) -> None:
        """Pass a target, or that there is none, through the gate."""
        if self._gate is None or self._commands is None:
            return
        before_s = now_s - _WATCH_PERIOD_S if self._commanded_s is None else self._commanded_s
        dt_s = min(max(now_s - before_s, 1e-3), _LONGEST_FRAME_S)
        before = self._gate.state
        joints = self._gate.command(target, dt_s, now_s)
        if self._gate.state is not before:
            self.get_logger().info(f'{self._gate.state.value}: {self._gate.reason}')
        if joints is None:
            self._commanded_s = None
            return
        self._commanded_s = now_s
        if self._values['command.interface'] == FORWARD:
            self._commands.publish(forward_command(joints))
        else:
            self._commands.publish(trajectory(
                self._command_names, joints, self._values['command.time_from_start_s']))

    def _watch(self) -> None:
        """Hold commands while there is no body to believe."""
        self._body_publishers = self.count_publishers(self._body_topic)
        if self._body_publishers > 1:
            self._say(f"{self._body_publishers} publishers on body topic '{self._body_topic}': "
                      'holding; allowed: one')
        now_s = time.monotonic()
        if now_s - self._received_s > self._values['stale_after_s']:
            self._command(None, now_s)

    def _on_engage(self, request: SetBool.Request, response: SetBool.Response) -> Any:
        if self._gate is None:
            response.message = 'no robot yet: its robot_description did not come'
            return response
        if not request.data:
            self._gate.disengage()
            self._commanded_s = None
            response.success = True
        elif self._commands is None:
            response.message = 'command.interface is none: there is nothing to engage'
            return response
        else:
            try:
                if time.monotonic() - self._received_s > self._values['stale_after_s']:
                    raise EngageError('there is no body to follow')
                self._gate.engage(time.monotonic())
                response.success = True
            except EngageError as error:
                response.message = str(error)
                return response
        response.message = self._gate.reason
        self.get_logger().info(f'{self._gate.state.value}: {self._gate.reason}')
        return response

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Any:
        if self._gate is not None:
            self._gate.stop()
        self._commanded_s = None
        response.success = True
        response.message = 'stopped; disengage, then engage to go on'
        self.get_logger().warning(response.message)
        return response

    def _say(self, problem: str | None) -> None:
        """Log a problem when it begins, each one once in a while at most."""
        now_s = time.monotonic()
        if problem is not None and now_s - self._said_s.get(problem, -_REPEAT_S) >= _REPEAT_S:
            self._said_s[problem] = now_s
            self.get_logger().warning(problem)
        self._problem = problem

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        if not self._entities:
            error = self.last_transition_error
            return (OK if error is None else ERROR), error or self.state_label, {
                'state': self.state_label}
        gate, retargeter = self._gate, self._retargeter
        values = {
            'state': self.state_label,
            'robot': None if retargeter is None else retargeter.robot.name,
            'engage_state': None if gate is None else gate.state.value,
            'engage_reason': None if gate is None else gate.reason,
            'input_rate_hz': self._input_rate.rate_hz(),
            **self._work.values('retarget'),
            **self._latency.values('body_age'),
            'body_publishers': self._body_publishers,
            'refused_messages': self._refused,
        }
        if self._problem is not None:
            return WARN, self._problem, values
        if retargeter is None:
            return WARN, f"no robot on '{self._values['robot_description_topic']}'", values
        if not values['input_rate_hz']:
            return WARN, f"no body on '{self._values['body_topic']}'", values
        assert gate is not None
        if gate.state is EngageState.STOPPED:
            return WARN, gate.reason, values
        return OK, f'{gate.state.value}: {gate.reason}', values


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(RetargetNode, args)


if __name__ == '__main__':
    sys.exit(main())
