# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The body of an operator, as another node takes it: one publisher, fresh and whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import time
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motion_avatar_ros.body.avatar_urdf import AvatarDescriptionError, offsets_from_urdf
from motion_avatar_ros.body.joint_state import JointStateError
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns
from motion_avatar_ros.ros.diagnostics import RateMeter
from motion_avatar_ros.ros.parameters import ParameterError
from motion_avatar_ros.ros.problem_log import ProblemLog
from motion_avatar_ros.ros.qos import LATCHED, NEWEST_JOINT_STATES
from motion_avatar_ros.safety.body_stream import BodyStampError, BodyStream, StreamSettings
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus


@dataclass(frozen=True)
class OperatorPose:
    """
    One pose of the operator.

    Attributes:
        pose: the whole of it.
        stamp: [ns].
        frame_id: of the root.
        elapsed_s: since the one before; None for the first after a pause.
    """

    pose: BodyPose
    stamp: int
    frame_id: str
    elapsed_s: float | None


class OperatorInput:
    """Listens to a body topic; for the executor's thread only."""

    def __init__(
        self, node: Node, values: Mapping[str, Any], problems: ProblemLog,
        on_pose: Callable[[OperatorPose], None], on_size: Callable[[np.ndarray, str], None],
    ) -> None:
        """
        Subscribe.

        Args:
            node: whose subscriptions these are.
            values: operator_topic, operator_description_topic, stale_after_s, max_age_s.
            problems: is told what is wrong with a message.
            on_pose: takes each pose that may be believed.
            on_size: takes bone offsets (22, 3) [m] and the URDF that has them.

        Raises:
            ParameterError: the topic is the node's own.
        """
        self._node, self._problems = node, problems
        self._on_pose, self._on_size = on_pose, on_size
        self._topic = node.resolve_topic_name(values['operator_topic'])
        if self._topic == node.resolve_topic_name('~/joint_states'):
            raise ParameterError(
                f"parameter 'operator_topic' is '{values['operator_topic']}', this node's own; "
                'allowed: the body of somebody else')
        self._stream = BodyStream(StreamSettings(
            values['stale_after_s'], values['max_age_s'], values['max_age_s']))
        self._received_s: float | None = None
        self.rate = RateMeter()
        self.publishers = self.refused = 0
        self._subscriptions = [
            node.create_subscription(JointState, self._topic, self._take, NEWEST_JOINT_STATES),
            node.create_subscription(
                String, values['operator_description_topic'], self._describe, LATCHED)]

    def close(self) -> None:
        """Stop listening."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def status(self) -> FollowStatus:
        """Return whether the operator is there; call some times a second."""
        self.publishers = self._node.count_publishers(self._topic)
        now_s = time.monotonic()
        if self.publishers > 1:
            return FollowStatus(
                FollowState.HOLD, f"{self.publishers} publishers on '{self._topic}': holding; "
                'allowed: one')
        if self._received_s is None:
            return FollowStatus(FollowState.WAITING, f"waiting for a body on '{self._topic}'")
        if not self._stream.is_fresh(now_s):
            return FollowStatus(
                FollowState.HOLD, f"no body on '{self._topic}' for "
                f'{now_s - self._received_s:.2f} s: holding the last pose')
        return FollowStatus(FollowState.TRACKING, 'following the operator')

    def _take(self, message: JointState) -> None:
        now_s = time.monotonic()
        self.rate.tick(now_s)
        if self.publishers > 1:
            return
        stamp = stamp_ns(message.header.stamp)
        now_ns = self._node.get_clock().now().nanoseconds
        try:
            elapsed_s = self._stream.elapsed_s(stamp, now_ns)
            if not message.header.frame_id:
                raise JointStateError('header.frame_id is empty, so the place is unknown')
            pose = pose_from_message(message)
        except (BodyStampError, JointStateError) as error:
            self.refused += 1
            self._problems.say(f"body topic '{self._topic}': {error}")
            return
        self._problems.say(None)
        if not self._stream.is_fresh(now_s):
            elapsed_s = None
        self._stream.take(stamp, now_ns, now_s)
        self._received_s = now_s
        self._on_pose(OperatorPose(pose, stamp, message.header.frame_id, elapsed_s))

    def _describe(self, message: String) -> None:
        try:
            self._on_size(offsets_from_urdf(message.data), message.data)
        except AvatarDescriptionError as error:
            self._node.get_logger().warning(f'{error}; the operator keeps their size')
