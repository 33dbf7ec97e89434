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
from motion_avatar_ros.nodes.avatar_diagnostics import SWAPPED, avatar_diagnosis
from motion_avatar_ros.nodes.avatar_parameters import (
    AVATAR_PARAMETERS, TrackerSources, checked_body_id, tracker_sources,
)
from motion_avatar_ros.ros.body_messages import (
    CONFIDENCE_NAMES, joint_state_message, transform_messages, values_message,
)
from motion_avatar_ros.ros.diagnostics import ERROR, WARN, DiagnosticsPublisher
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, TF
from motion_avatar_ros.ros.tracker_input import TrackerInput, tracker_input
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus

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
        self._services_in_use: list[Any] = []
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
        self._fixed_frame = parameters['fixed_frame']
        self._sources: TrackerSources = tracker_sources(parameters)
        # Imports torch, for seconds: a node that is not configured does without.
        from motion_avatar_ros.nodes.avatar_parts import make_parts

        self._parts_in_use = make_parts(
            parameters, self._emit, lambda: self.get_clock().now().nanoseconds, self._held)
        self._input = tracker_input(self._sources.kind)
        self._make_publishers()
        self._services_in_use = [
            self.create_service(Trigger, '~/reset', self._on_reset),
            self.create_service(Trigger, '~/calibrate', self._on_calibrate),
        ]
        # What was loaded lives as long as the node: without this each full collection walks
        # all of it, 50 ms and more in the middle of a frame.
        gc.collect()
        gc.freeze()
        estimator = self._parts.estimator
        self.get_logger().info(
            f"model '{estimator.name}' ({estimator.weights_sha256[:12]}) on "
            f'{estimator.device}, {estimator.rate_hz:g} Hz')

    def activate(self) -> None:
        """Start the worker, the input and the watchdog."""
        self._description_publisher.publish(String(data=self._description))
        self._activated_s = time.monotonic()
        self._next_missing_s = self._activated_s + _FIRST_MISSING_S
        self._status = None
        self._is_swap_logged = False
        pipeline = self._parts.pipeline
        pipeline.start()
        self._trackers_input.start(
            self, self._sources.names, self._fixed_frame, pipeline.add)
        self._watchdog_timer = self.create_timer(
            self._values['watchdog_period_s'], self._watch, clock=self._steady)

    def deactivate(self) -> None:
        """Stop input, worker and watchdog; model and publishers stay."""
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
        for service in self._services_in_use:
            self.destroy_service(service)
        self._services_in_use = []
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
        self._description = avatar_urdf(self._body_id, fixed_frame=self._fixed_frame)
        self._tf_publisher: LifecyclePublisher | None = None
        if self._values['publish_tf']:
            try:
                from tf2_msgs.msg import TFMessage
            except ImportError:
                raise ParameterError(
                    "parameter 'publish_tf' is True but tf2_msgs is not installed; "
                    'allowed here: False') from None
            self._tf_message = TFMessage
            self._tf_publisher = publisher(TFMessage, '/tf', TF)

    def _make_publisher(
        self, message_type: type, topic: str, qos: QoSProfile
    ) -> LifecyclePublisher:
        publisher = self.create_lifecycle_publisher(message_type, topic, qos)
        self._publishers_in_use.append(publisher)
        return publisher

    def _emit(self, pose: BodyPose, confidence: np.ndarray, stamp_ns: int) -> None:
        """Publish one pose; called by the worker."""
        if not self.context.ok():
            return
        self._pose_publisher.publish(
            joint_state_message(pose, stamp_ns, self._fixed_frame, self._encoder))
        self._confidence_publisher.publish(
            values_message(CONFIDENCE_NAMES, confidence, stamp_ns, self._fixed_frame))
        if self._tf_publisher is not None:
            self._tf_publisher.publish(self._tf_message(transforms=transform_messages(
                pose, stamp_ns, self._fixed_frame, self._body_id)))

    def _watch(self) -> None:
        """Log each change of state once, and trackers that never appear now and then."""
        now_s = time.monotonic()
        status, before = self._parts.watchdog.status(now_s), self._status
        self._status = status
        if before is not None and status.state is not before.state:
            if status.state is FollowState.ERROR:
                self.get_logger().error(status.reason)
            elif status.state is FollowState.HOLD:
                self.get_logger().warning(self._with_sources(status))
            else:
                self.get_logger().info(status.reason)
        if self._parts.pipeline.figures.looks_swapped and not self._is_swap_logged:
            self._is_swap_logged = True
            self.get_logger().warning(SWAPPED)
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

    def _on_calibrate(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        response.success = False
        response.message = (
            'calibration is not part of this version: tracker frames are taken as the frames of '
            'the head and the wrists')
        return response

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        if self._status is None:
            error = self.last_transition_error
            level = WARN if error is None else ERROR
            return level, error or self.state_label, {'state': self.state_label}
        return avatar_diagnosis(self._status, self._parts)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(AvatarNode, args)


if __name__ == '__main__':
    sys.exit(main())
