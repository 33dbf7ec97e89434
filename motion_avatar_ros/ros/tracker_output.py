# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where played trackers go: one TFMessage per frame, or a PoseStamped topic per tracker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from geometry_msgs.msg import Point, PoseStamped, Quaternion, TransformStamped, Vector3
from rclpy.node import Node
from rclpy.qos import QoSProfile

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.body_messages import time_message
from motion_avatar_ros.ros.qos import TF
from motion_avatar_ros.trackers.tracker_playback import TrackerFrame

#: Reliable, which subscribers of either kind receive.
POSE_QOS = QoSProfile(depth=20)


class TrackerOutputError(MotionAvatarError):
    """A tracker output that this host cannot have."""


def tf_message_type() -> Any:
    """
    Return TFMessage.

    Raises:
        TrackerOutputError: tf2_msgs is not installed.
    """
    try:
        from tf2_msgs.msg import TFMessage
    except ImportError as error:
        raise TrackerOutputError(
            f'/tf needs tf2_msgs, which is not installed ({error}); with a compiler '
            "`make setup` builds it; without one set parameter 'output' to 'pose'") from None
    return TFMessage


class TrackerOutput(Protocol):
    """A way to send a frame of trackers."""

    def send(self, frame: TrackerFrame, stamp_ns: int) -> None:
        """Publish the trackers that are present, all with one stamp."""


class TfOutput:
    """Sends a frame as one message on /tf, so that no tracker of it can come alone."""

    def __init__(self, node: Node, frames: Sequence[str], fixed_frame: str) -> None:
        """
        Make the publisher.

        Raises:
            TrackerOutputError: tf2_msgs is not installed.
        """
        self._message = tf_message_type()
        self._publisher = node.create_publisher(self._message, '/tf', TF)
        self._transforms = []
        for frame in frames:
            transform = TransformStamped(child_frame_id=frame)
            transform.header.frame_id = fixed_frame
            self._transforms.append(transform)

    def send(self, frame: TrackerFrame, stamp_ns: int) -> None:
        """Publish the trackers that are present, all with one stamp."""
        stamp = time_message(stamp_ns)
        sent = []
        for slot, message in enumerate(self._transforms):
            if not frame.is_present[slot]:
                continue
            message.header.stamp = stamp
            _fill(message.transform.translation, message.transform.rotation, frame, slot)
            sent.append(message)
        if sent:
            self._publisher.publish(self._message(transforms=sent))


class PoseOutput:
    """Sends each tracker on a PoseStamped topic of its own."""

    def __init__(self, node: Node, topics: Sequence[str], fixed_frame: str) -> None:
        self._publishers = [
            node.create_publisher(PoseStamped, topic, POSE_QOS) for topic in topics]
        self._message = PoseStamped()
        self._message.header.frame_id = fixed_frame

    def send(self, frame: TrackerFrame, stamp_ns: int) -> None:
        """Publish the trackers that are present, all with one stamp."""
        message = self._message
        message.header.stamp = time_message(stamp_ns)
        for slot, publisher in enumerate(self._publishers):
            if frame.is_present[slot]:
                _fill(message.pose.position, message.pose.orientation, frame, slot)
                publisher.publish(message)


def _fill(
    position: Point | Vector3, orientation: Quaternion, frame: TrackerFrame, slot: int
) -> None:
    position.x, position.y, position.z = frame.positions[slot].tolist()
    orientation.x, orientation.y, orientation.z, orientation.w = (
        frame.quaternions_xyzw[slot].tolist())
