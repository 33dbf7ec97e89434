# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Three tracker frames in, a whole moving body out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import gc
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecyclePublisher
from rclpy.qos import QoSProfile
from rclpy.timer import Timer
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from motion_avatar_ros.body.avatar_urdf import avatar_urdf
from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.avatar_diagnostics import avatar_diagnosis, doubts
from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS, operators_folder
from motion_avatar_ros.nodes.status_text import StatusText
from motion_avatar_ros.nodes.tracker_sources import (
    TrackerSources, checked_body_id, tracker_sources,
)
from motion_avatar_ros.ros.body_messages import (
    CONFIDENCE_NAMES, human_transform_messages, joint_state_message, transform_messages,
    values_message,
)
from motion_avatar_ros.ros.calibration_service import CalibrationService
from motion_avatar_ros.ros.calibration_session import CalibrationSession
from motion_avatar_ros.ros.diagnostics import ERROR, WARN, DiagnosticsPublisher
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, TF
from motion_avatar_ros.ros.state_publisher import StatePublisherDescription
from motion_avatar_ros.ros.tracker_input import TrackerInput, tracker_input
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus
from motion_avatar_ros.trackers.calibration import Calibration, CalibrationTake
from motion_avatar_ros.trackers.calibration_guide import CalibrationGuide, GuideTimes
from motion_avatar_ros.trackers.operator_body import OperatorBody

if TYPE_CHECKING:
    from motion_avatar_ros.nodes.avatar_parts import AvatarParts

_FIRST_MISSING_S = 2.0  # a tracker absent this long is named in the log, then again every
_NEXT_MISSING_S = 10.0


class AvatarNode(AvatarLifecycleNode):
    """Wires trackers to the estimator and poses to topics."""

    def __init__(self, **node_arguments: Any) -> None:
        self._parts_in_use: AvatarParts | None = None
        self._held: BodyPose | None = None  # by consumers, while nothing is configured
        self._status: FollowStatus | None = None
        self._publishers_in_use: list[Any] = []
        self._reset_service: Any = None
        self._calibration: CalibrationService | None = None
        self._state_publisher: StatePublisherDescription | None = None
        self._watchdog_timer: Timer | None = None
        self._input: TrackerInput | None = None
        super().__init__('avatar_node', AVATAR_PARAMETERS, **node_arguments)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._diagnose)

    def configure(self, parameters: dict[str, Any]) -> None:
        """Load and warm the model up, make the publishers and services."""
        self._values = parameters
        self._body_id = checked_body_id(parameters)
        self._sources: TrackerSources = tracker_sources(parameters)
        self._body_frame = self._sources.body_frame
        # Imports torch, for seconds: a node that is not configured does without.
        from motion_avatar_ros.nodes.avatar_parts import make_parts

        self._parts_in_use = make_parts(
            parameters, self._sources, self._emit,
            lambda: self.get_clock().now().nanoseconds, self._held)
        self._input = tracker_input(self._sources.kind)
        self._make_publishers()
        self._status_text = StatusText(self, self._body_frame)
        self._publishers_in_use.append(self._status_text.publisher)
        self._reset_service = self.create_service(Trigger, '~/reset', self._on_reset)
        if parameters['state_publisher']:
            self._state_publisher = StatePublisherDescription(
                self, parameters['state_publisher'])
        self._calibration = CalibrationService(
            self, self._make_session, self._parts.pipeline.watch_frames, self._use_calibration,
            parameters['operator'], operators_folder(parameters),
            self._parts.pipeline.body.calibration)
        # What was loaded lives as long as the node: without this each full collection walks
        # all of it, 50 ms and more in the middle of a frame.
        gc.collect()
        gc.freeze()
        estimator = self._parts.estimator
        self.get_logger().info(
            f"model '{estimator.name}' ({estimator.weights_sha256[:12]}) on "
            f'{estimator.device}, {estimator.rate_hz:g} Hz; '
            f"profile '{self._sources.profile.name}'; "
            f'{self._parts.pipeline.body.calibration.verdict}')

    def activate(self) -> None:
        """Start the worker, the input and the watchdog."""
        self._publish_description()
        self._activated_s = time.monotonic()
        self._next_missing_s = self._activated_s + _FIRST_MISSING_S
        self._status = None
        self._logged_doubts: set[str] = set()
        self._parts.profile_watch.clear()
        self._parts.pipeline.start()
        self._trackers_input.start(
            self, self._sources.names, self._sources.fixed_frame, self._parts.take)
        self._watchdog_timer = self.create_timer(
            self._values['watchdog_period_s'], self._watch, clock=self._steady)

    def deactivate(self) -> None:
        """Stop input, worker and watchdog; model and publishers stay."""
        if self._calibration is not None:
            self._calibration.end('the node was deactivated')
        if self._watchdog_timer is not None:
            self.destroy_timer(self._watchdog_timer)
            self._watchdog_timer = None
        if self._input is not None:
            self._input.stop()
        if self._parts_in_use is not None:
            self._parts_in_use.pipeline.stop()
        self._status = None

    def cleanup(self) -> None:
        """Free the model, the publishers and the services."""
        if self._parts_in_use is not None:
            self._held = self._parts_in_use.limiter.last
        self._parts_in_use = self._input = None
        for publisher in self._publishers_in_use:
            self.destroy_lifecycle_publisher(publisher)
        self._publishers_in_use = []
        if self._calibration is not None:
            self._calibration.destroy()
        if self._state_publisher is not None:
            self._state_publisher.close()
        if self._reset_service is not None:
            self.destroy_service(self._reset_service)
        self._calibration = self._state_publisher = self._reset_service = None
        gc.unfreeze()

    @property
    def _parts(self) -> AvatarParts:
        assert self._parts_in_use is not None  # called while configured only
        return self._parts_in_use

    @property
    def _trackers_input(self) -> TrackerInput:
        assert self._input is not None
        return self._input

    def _make_publishers(self) -> None:
        publisher = self._make_publisher
        self._encoder = JointStateEncoder()
        self._pose_publisher = publisher(JointState, '~/joint_states', JOINT_STATES)
        self._confidence_publisher = publisher(JointState, '~/confidence', JOINT_STATES)
        self._description_publisher = publisher(String, '~/robot_description', LATCHED)
        self._tf_publisher: LifecyclePublisher | None = None
        #: What puts frames on /tf.
        self._transforms = [make for name, make in (
            ('publish_tf', transform_messages), ('human_frames', human_transform_messages))
            if self._values[name]]
        if self._transforms:
            try:
                from tf2_msgs.msg import TFMessage
            except ImportError:
                raise ParameterError(
                    "parameter 'publish_tf' or 'human_frames' is True but tf2_msgs is not "
                    'installed; allowed here: False') from None
            self._tf_message = TFMessage
            self._tf_publisher = publisher(TFMessage, '/tf', TF)

    def _make_publisher(
        self, message_type: type, topic: str, qos: QoSProfile
    ) -> LifecyclePublisher:
        publisher = self.create_lifecycle_publisher(message_type, topic, qos)
        self._publishers_in_use.append(publisher)
        return publisher

    def _publish_description(self) -> None:
        """Publish the avatar at the operator's size."""
        description = avatar_urdf(
            self._body_id, self._parts.pipeline.body.offsets_m, fixed_frame=self._body_frame)
        self._description_publisher.publish(String(data=description))
        if self._state_publisher is not None:
            self._state_publisher.set(description)

    def _emit(self, pose: BodyPose, confidence: np.ndarray, stamp_ns: int) -> None:
        """Publish one pose; called by the worker."""
        if not self.context.ok():
            return
        self._pose_publisher.publish(
            joint_state_message(pose, stamp_ns, self._body_frame, self._encoder))
        self._confidence_publisher.publish(
            values_message(CONFIDENCE_NAMES, confidence, stamp_ns, self._body_frame))
        if self._tf_publisher is not None:
            offsets_m = self._parts.pipeline.body.offsets_m
            self._tf_publisher.publish(self._tf_message(transforms=[
                transform for make in self._transforms for transform in make(
                    pose, stamp_ns, self._body_frame, self._body_id, offsets_m)]))

    def _watch(self) -> None:
        """Log each change of state once, and trackers that never appear now and then."""
        now_s = time.monotonic()
        status, before = self._parts.watchdog.status(now_s), self._status
        self._status = status
        self._status_text.show(status, self._parts.limiter.last)
        if before is not None and status.state is not before.state:
            if status.state is FollowState.ERROR:
                self.get_logger().error(status.reason)
            elif status.state is FollowState.HOLD:
                self.get_logger().warning(self._with_sources(status))
            else:
                self.get_logger().info(status.reason)
        for subject, doubt in doubts(self._parts).items():
            if subject not in self._logged_doubts:
                self._logged_doubts.add(subject)
                self.get_logger().warning(doubt)
        if self._state_publisher is not None:
            self._state_publisher.update()
        if status.state is FollowState.WAITING and now_s >= self._next_missing_s:
            self._next_missing_s = now_s + _NEXT_MISSING_S
            waited_s = now_s - self._activated_s
            self.get_logger().warning(
                f'{self._with_sources(status)} for {waited_s:.0f} s; '
                f'{self._trackers_input.missing_message(status.trackers)}')

    def _with_sources(self, status: FollowStatus) -> str:
        named = ', '.join(
            f"{tracker} = '{self._sources.names[tracker]}' ({self._sources.parameters[tracker]})"
            for tracker in status.trackers)
        return f'{status.reason} [{named}]' if named else status.reason

    def _on_reset(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        self._parts.pipeline.request_reset()
        response.success = True
        response.message = 'the estimator forgets its past at the next frame, which blends in'
        return response

    def _make_session(self) -> CalibrationSession:
        if self._status is None:
            raise MotionAvatarError(
                f'the node is {self.state_label}, so no trackers are taken; activate it first')
        parts = self._parts
        return CalibrationSession(
            CalibrationGuide(parts.trackers, parts.estimator.rate_hz, GuideTimes(
                step_timeout_s=self._values['calibration.step_timeout_s'])),
            self._solve, lambda: parts.watchdog.status(time.monotonic()).trackers)

    def _solve(self, take: CalibrationTake) -> Calibration:
        """Solve a take; called in a thread of its own, where the import may take its time."""
        from motion_avatar_ros.trackers.calibration_solver import solve_calibration

        profile = self._sources.profile
        return solve_calibration(take, profile.offsets, profile.name)

    def _use_calibration(self, calibration: Calibration) -> None:
        parts = self._parts
        parts.pipeline.use_body(OperatorBody(calibration, parts.trackers))
        self._publish_description()

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        if self._status is None:
            error = self.last_transition_error
            level = WARN if error is None else ERROR
            return level, error or self.state_label, {'state': self.state_label}
        for change in self._parts.budgets.update():
            self.get_logger().warning(change)
        level, line, values = avatar_diagnosis(self._status, self._parts)
        return level, line, {**values, 'model_parameter': self._values['model']}


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(AvatarNode, args)


if __name__ == '__main__':
    sys.exit(main())
