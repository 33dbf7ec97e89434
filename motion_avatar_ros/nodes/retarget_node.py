# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A humanoid robot that follows the body: body JointState in, robot JointState and commands out.

`~/joint_states` shows what the robot would do. Command topics are silent until `~/engage`, then
begin at the measured joints (`safety.engage_gate`), and each passes `safety.command_wall`.
`~/stop` silences them until `~/reset`. It is no emergency stop, and nothing here keeps a robot's
balance: legs are commanded only when asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import sys
import time
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from motion_avatar_ros.body.avatar_urdf import AvatarDescriptionError, offsets_from_urdf
from motion_avatar_ros.body.joint_state import JointStateError
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.body_publishers import BodyPublishers
from motion_avatar_ros.nodes.deadman_input import DeadmanInput
from motion_avatar_ros.nodes.gate_report import GateReport, gate_values
from motion_avatar_ros.nodes.latency_parameters import retarget_stages
from motion_avatar_ros.nodes.retarget_parameters import RETARGET_PARAMETERS, WHOLE_BODY
from motion_avatar_ros.nodes.robot_commands import COMMAND_TOPICS, RobotCommands
from motion_avatar_ros.nodes.robot_display import RobotDisplay
from motion_avatar_ros.retarget.input_filter import InputFilter
from motion_avatar_ros.retarget.mapping_file import read_mapping
from motion_avatar_ros.retarget.pose_interpolation import PoseInterpolator
from motion_avatar_ros.retarget.retargeter import Mode, Retargeter
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.solver import NotFollowedError, RobotPose
from motion_avatar_ros.retarget.urdf import parse_urdf
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns
from motion_avatar_ros.ros.diagnostics import (
    ERROR, OK, WARN, DiagnosticsPublisher, RateMeter,
)
from motion_avatar_ros.ros.latency_stages import LatencyBudgets
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.parameters import settings
from motion_avatar_ros.ros.problem_log import ProblemLog
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, NEWEST_JOINT_STATES
from motion_avatar_ros.safety.body_stream import (
    LONGEST_FRAME_S, BodyStampError, BodyStream, StreamSettings,
)
from motion_avatar_ros.safety.engage_gate import EngageState
from motion_avatar_ros.trackers.one_euro import OneEuroSettings

_WATCH_PERIOD_S = 0.05
_BALANCE = ('command.joints is whole_body: use it with a fixed base or in simulation only; '
            'nothing here keeps a robot from falling')


class RetargetNode(AvatarLifecycleNode):
    """Wires body, robot, gate and command topics."""

    def __init__(self, **node_arguments: Any) -> None:
        self._entities: list[tuple[Any, Any]] = []  # what destroys, and what
        self._outputs: list[Any] = []
        self._retargeter: Retargeter | None = None
        self._commands: RobotCommands | None = None
        self._is_stopped = False    # before it was cleaned up: a stop outlives that
        self._problems = ProblemLog(self)
        super().__init__('retarget_node', RETARGET_PARAMETERS, **node_arguments)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._diagnose)

    def configure(self, parameters: dict[str, Any]) -> None:
        """Load the robot if it is named, and make the publishers."""
        self._values = parameters
        self._input_rate, self._stages = RateMeter(), retarget_stages(parameters)
        self._budgets = LatencyBudgets(self._stages, parameters)
        self._refused = 0
        self._offsets_m: np.ndarray | None = None
        self._filter = InputFilter(settings(OneEuroSettings, 'filter', parameters))
        self._display = RobotDisplay(self, parameters)
        self._outputs = self._display.publishers
        self._command_publisher = None
        if parameters['command.interface'] in COMMAND_TOPICS:
            kind, topic = COMMAND_TOPICS[parameters['command.interface']]
            self._command_publisher = self.create_lifecycle_publisher(
                kind, parameters['command.topic'] or topic, JOINT_STATES)
            self._outputs.append(self._command_publisher)
        self._gate_report = GateReport(self)
        self._outputs.append(self._gate_report.publisher)
        if parameters['robot']:
            self._take_robot(RobotModel.load(parameters['robot']))

    def activate(self) -> None:
        """Subscribe, offer the services, disengaged."""
        values = self._values
        self._problems = ProblemLog(self)
        self._stream = BodyStream(StreamSettings(
            values['stale_after_s'], values['late_after_s'], values['max_age_s']))
        topics: list[tuple[Any, str, Any, Any]] = [
            (JointState, values['body_topic'], self._on_body, NEWEST_JOINT_STATES),
            (String, values['description_topic'], self._on_person, LATCHED),
            # Joint states may come in parts, from several publishers: none may be lost.
            (JointState, values['robot_state_topic'], self._on_robot_state, JOINT_STATES),
        ]
        if not values['robot']:
            topics.append((String, values['robot_description_topic'], self._on_robot, LATCHED))
        subscriptions = [self.create_subscription(*topic) for topic in topics]
        self._deadman = DeadmanInput(self, values)
        if self._deadman.subscription is not None:
            subscriptions.append(self._deadman.subscription)
        services = [self.create_service(SetBool, '~/engage', self._on_engage),
                    self.create_service(Trigger, '~/stop', self._on_stop),
                    self.create_service(Trigger, '~/reset', self._on_reset)]
        self._body_publishers = BodyPublishers(self, subscriptions[0].topic_name)
        timers = [self.create_timer(_WATCH_PERIOD_S, self._watch, clock=self._steady)]
        if values['output_rate_hz']:
            timers.append(self.create_timer(
                1.0 / values['output_rate_hz'], self._put_out, clock=self._steady))
        self._entities = [
            *((self.destroy_subscription, each) for each in subscriptions),
            *((self.destroy_service, each) for each in services),
            *((self.destroy_timer, each) for each in timers)]
        self._begin_anew()
        if self._retargeter is not None:
            self._retargeter.solver.reset()
            self._display.describe(self._retargeter.robot.description)
        if values['command.joints'] == WHOLE_BODY and self._command_publisher is not None:
            self.get_logger().warning(_BALANCE)

    def deactivate(self) -> None:
        """Disengage, and stop listening."""
        if self._commands is not None:
            self._commands.leave()
        for destroy, entity in self._entities:
            destroy(entity)
        self._entities = []

    def cleanup(self) -> None:
        """Free the publishers and the robot."""
        for publisher in self._outputs:
            self.destroy_lifecycle_publisher(publisher)
        self._outputs = []
        if self._commands is not None:
            self._is_stopped = self._commands.gate.state is EngageState.STOPPED
        self._retargeter = self._commands = None

    def _take_robot(self, robot: RobotModel) -> None:
        values = self._values
        plan = read_mapping(values['mapping_file'], robot) if values['mapping_file'] else None
        retargeter = Retargeter(
            robot, None, values['limits.max_velocity_rad_s'],
            values['limits.max_acceleration_rad_s2'], plan=plan, mode=Mode(values['mode']))
        if self._offsets_m is not None:
            retargeter.measure_person(self._offsets_m)
        self._commands = RobotCommands(
            retargeter, values, None if self._command_publisher is None else (
                self._command_publisher.publish), self.get_logger().info)
        if self._is_stopped:
            self._commands.gate.stop()
        self._interpolator = PoseInterpolator(
            retargeter.limits.lower, retargeter.limits.upper)
        self._retargeter = retargeter
        for line in (*retargeter.plan.doubts, *robot.notes):
            self.get_logger().info(f"robot '{robot.name}': {line}")

    def _on_robot(self, message: String) -> None:
        """Take the robot; another one only while disengaged, and a stop stays."""
        if self._retargeter is not None and (
                message.data == self._retargeter.robot.description):
            return
        if self._commands is not None and (
                self._commands.gate.state is not EngageState.DISENGAGED):
            self._problems.say('another robot_description came; it is used once disengaged')
            return
        try:
            self._take_robot(RobotModel(parse_urdf(message.data)))
        except MotionAvatarError as error:
            self._problems.say(f"'{self._values['robot_description_topic']}': {error}")
            return
        self._display.describe(message.data)

    def _on_person(self, message: String) -> None:
        try:
            self._offsets_m = offsets_from_urdf(message.data)
        except AvatarDescriptionError as error:
            self.get_logger().warning(f'{error}; the person keeps their size')
            return
        if self._retargeter is not None:
            self._retargeter.measure_person(self._offsets_m)

    def _on_robot_state(self, message: JointState) -> None:
        if self._commands is not None:
            self._commands.measure(message, time.monotonic())

    def _on_body(self, message: JointState, info: Mapping[str, Any]) -> None:
        """Follow one pose."""
        started_s = time.monotonic()
        self._input_rate.tick(started_s)
        if self._retargeter is None or self._commands is None or self._body_publishers.count > 1:
            return
        if self._body_publishers.is_from_another(info):
            self._hold_for_another(started_s)
        stamp = stamp_ns(message.header.stamp)
        now_ns = self.get_clock().now().nanoseconds
        try:
            elapsed_s = self._stream.elapsed_s(stamp, now_ns)
            if elapsed_s is None:
                self._begin_anew()
            if not message.header.frame_id:
                raise JointStateError('header.frame_id is empty, so the place is unknown')
            body = self._filter.filter(pose_from_message(message), stamp)
            pose = self._retargeter.step(body, elapsed_s or LONGEST_FRAME_S)
        except (BodyStampError, JointStateError, NotFollowedError) as error:
            self._refused += 1
            self._problems.say(f"body topic '{self._values['body_topic']}': {error}")
            return
        self._followed_s = time.monotonic() - started_s
        self._stages.add(body_age=(now_ns - stamp) * 1e-9, retarget=self._followed_s)
        self._stream.take(stamp, now_ns, started_s)
        self._frame_id = message.header.frame_id
        self._problems.say(None)
        if self._values['output_rate_hz']:
            self._interpolator.push(pose, stamp * 1e-9, now_ns * 1e-9)
        else:
            self._show(pose, stamp, started_s)

    def _put_out(self) -> None:
        """Show and command the pose that is due now, at the output's own rate."""
        now_s = time.monotonic()
        if self._retargeter is None or self._commands is None or (
                not self._stream.is_fresh(now_s) or self._body_publishers.count > 1):
            return  # what is commanded then, `_watch` says
        ros_now_s = self.get_clock().now().nanoseconds * 1e-9
        shown = self._interpolator.at(ros_now_s)
        if shown is None:
            return
        stamp_s, pose = shown
        self._stages.add(hold_back=ros_now_s - stamp_s - self._stream.age_s - self._followed_s)
        self._show(pose, round(stamp_s * 1e9), now_s)

    def _show(self, pose: RobotPose, stamp: int, now_s: float) -> None:
        """Show and command a pose, and measure the last stages of its way."""
        assert self._retargeter is not None
        begun_s = time.monotonic()
        self._display.show(self._retargeter, pose, stamp, self._frame_id)
        self._command(pose, now_s)
        self._stages.add(
            publish=time.monotonic() - begun_s,
            input_to_publish=(self.get_clock().now().nanoseconds - stamp) * 1e-9)

    def _command(self, pose: RobotPose, now_s: float) -> None:
        """Pass a pose on to the robot, unless it must not be believed."""
        assert self._commands is not None
        why = self._why_not(now_s)
        self._commands.send(None if why else pose.joints[self._commands.joints], now_s, why)

    def _why_not(self, now_s: float) -> str:
        """Return why the body moves no robot now, or ''."""
        if self._body_publishers.count > 1:
            return 'two publishers of the body'
        return self._stream.why_not(now_s) or self._deadman.why_released(now_s) or ''

    def _hold_for_another(self, now_s: float) -> None:
        """Let go of the body that was followed: the next one is somebody else's."""
        self._stream.begin()
        self._begin_anew()
        if self._commands is not None:
            self._commands.send(None, now_s, 'another publisher of the body')

    def _begin_anew(self) -> None:
        """Forget what came before in the stream of bodies."""
        self._filter.clear()
        if self._retargeter is not None:
            self._interpolator.clear()

    def _watch(self) -> None:
        """Hold commands while there is no body to believe."""
        now_s = time.monotonic()
        if self._body_publishers.look():
            self._hold_for_another(now_s)
        if self._body_publishers.count > 1:
            self._problems.say(
                f"{self._body_publishers.count} publishers on body topic "
                f"'{self._body_publishers.topic}': holding; allowed: one")
        if self._commands is None:
            return
        why = self._why_not(now_s)
        if why:
            self._commands.send(None, now_s, why)
        self._gate_report.tell(self._commands, now_s)

    def _on_engage(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        if self._commands is None:
            response.message = 'no robot yet: its robot_description did not come'
            return response
        return self._commands.answer_engage(request, response, time.monotonic())

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._commands is None:
            self._is_stopped = response.success = True
            response.message = 'stopped before a robot came; reset, then engage it'
            return response
        return self._commands.answer_stop(response)

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        was_stopped, self._is_stopped = self._is_stopped, False
        if self._commands is not None:
            return self._commands.answer_reset(response)
        response.success = True
        response.message = (
            'no longer stopped' if was_stopped else 'nothing was stopped') + '; no robot yet'
        return response

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        if not self._entities:
            error = self.last_transition_error
            return (OK if error is None else ERROR), error or self.state_label, {
                'state': self.state_label}
        for change in self._budgets.update():
            self.get_logger().warning(change)
        gate = None if self._commands is None else self._commands.gate
        retargeter = self._retargeter
        values = {
            'state': self.state_label,
            'robot': None if retargeter is None else retargeter.robot.name,
            'robot_parameter': self._values['robot'],
            **gate_values(self._commands, time.monotonic()),
            'input_rate_hz': self._input_rate.rate_hz(),
            **self._stages.values(),
            'body_publishers': self._body_publishers.count,
            'refused_messages': self._refused,
        }
        if self._problems.problem is not None:
            return WARN, self._problems.problem, values
        if retargeter is None:
            return WARN, f"no robot on '{self._values['robot_description_topic']}'", values
        if not values['input_rate_hz']:
            return WARN, f"no body on '{self._values['body_topic']}'", values
        assert gate is not None
        if gate.state is EngageState.STOPPED:
            return WARN, gate.reason, values
        line = '; '.join((f'{gate.state.value}: {gate.reason}', *self._budgets.lines))
        return WARN if self._budgets.lines else OK, line, values


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(RetargetNode, args)


if __name__ == '__main__':
    sys.exit(main())
