# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the avatar does, as a text over its head in RViz."""

from __future__ import annotations

import time
from typing import Any

from visualization_msgs.msg import Marker

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.ros.body_messages import time_message
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode
from motion_avatar_ros.ros.qos import MARKERS
from motion_avatar_ros.ros.rate_cap import RateCap
from motion_avatar_ros.safety.watchdog import FollowState, FollowStatus

_RATE_HZ = 5.0
_OVER_PELVIS_M = 1.05
_LETTER_M = 0.08
_LIFETIME_S = 1
_RGB = {
    FollowState.WAITING: (0.35, 0.4, 0.45), FollowState.TRACKING: (0.1, 0.5, 0.3),
    FollowState.HOLD: (0.75, 0.45, 0.0), FollowState.ERROR: (0.7, 0.15, 0.12),
}


class StatusText:
    """One marker of a managed node, `~/status`."""

    def __init__(self, node: AvatarLifecycleNode, frame_id: str) -> None:
        """Make the publisher; the text stands in `frame_id`, z up."""
        self._node, self._frame_id = node, frame_id
        self._cap = RateCap(_RATE_HZ)
        #: To be destroyed by the node.
        self.publisher: Any = node.create_lifecycle_publisher(Marker, '~/status', MARKERS)

    def show(self, status: FollowStatus, pose: BodyPose | None, doing: str = '') -> None:
        """
        Say how things are over a pose, at the origin before the first, if somebody looks.

        Args:
            status: how things are.
            pose: over which to say it.
            doing: what is said while all is well; empty for the name of the state.
        """
        if self.publisher.get_subscription_count() and self._cap.admits(time.monotonic()):
            self.publisher.publish(self._marker(status, pose, doing))

    def _marker(self, status: FollowStatus, pose: BodyPose | None, doing: str) -> Marker:
        marker = Marker(ns='status', type=Marker.TEXT_VIEW_FACING, action=Marker.ADD)
        marker.header.frame_id = self._frame_id
        marker.header.stamp = time_message(self._node.get_clock().now().nanoseconds)
        if pose is not None:
            place = marker.pose.position
            place.x, place.y, place.z = pose.root_position.tolist()
        marker.pose.position.z += _OVER_PELVIS_M
        marker.pose.orientation.w = 1.0
        marker.scale.z = _LETTER_M
        color = marker.color
        (color.r, color.g, color.b), color.a = _RGB[status.state], 1.0
        is_good = status.state is FollowState.TRACKING
        marker.text = (doing or status.state.value) if is_good else (
            f'{status.state.value}: {status.reason}')
        marker.lifetime.sec = _LIFETIME_S
        return marker
