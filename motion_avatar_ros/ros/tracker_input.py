# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Where tracker samples come from: `/tf` or PoseStamped topics, behind one interface.

Both pass on every sample they get, in the fixed frame, with the stamp of its header; judging
samples is the timeline's.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import partial
import importlib.util
import math
import time
from typing import Protocol

from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from rclpy.subscription import Subscription

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.qos import TF, TF_STATIC, TRACKER_POSE
from motion_avatar_ros.ros.tf_message_bytes import (
    TransformRecord, UnreadableBytesError, read_transforms,
)
from motion_avatar_ros.ros.waiting_messages import waiting_messages
from motion_avatar_ros.trackers.tracker_frames import OnSample, TrackerFrames
from motion_avatar_ros.trackers.transform_buffer import ChainBuffer, TransformBuffer


# A /tf is busy when so many messages come in so short a time. Each round of the executor costs
# some tenths of a millisecond, in which no other thread computes: then one takes several.
_BUSY_MESSAGES, _BUSY_S = 64, 0.08
_GATHER_S = 0.0015


class TrackerInputError(MotionAvatarError):
    """A tracker input that this host cannot have."""


class TrackerInput(Protocol):
    """A source of tracker samples."""

    def start(
        self, node: Node, sources: Mapping[str, str], fixed_frame: str, on_sample: OnSample,
    ) -> None:
        """
        Subscribe.

        Args:
            node: in whose callbacks `on_sample` is called.
            sources: TF frame or topic of each tracker.
            fixed_frame: the frame that samples are passed on in.
            on_sample: takes each sample.

        Raises:
            TrackerInputError: when this host lacks what the input needs.
        """

    def stop(self) -> None:
        """Unsubscribe; `start` may follow again."""

    def missing_message(self, trackers: Iterable[str]) -> str:
        """Say in one line why nothing comes of these trackers, and what is known instead."""


def transform_buffer() -> TransformBuffer:
    """Return tf2's buffer where this host has tf2, else our own."""
    if importlib.util.find_spec('tf2_py') is None:
        return ChainBuffer()
    from motion_avatar_ros.ros.tf2_buffer import Tf2Buffer
    return Tf2Buffer()


class TfInput:
    """
    Tracker frames on `/tf` and `/tf_static`.

    The topics are absolute, as tf2's: a launch file remaps them where each robot has its own.
    """

    def __init__(self, buffer: TransformBuffer | None = None):
        self._buffer = buffer
        self._subscriptions: list[Subscription] = []
        self._node: Node
        self._frames: TrackerFrames | None = None
        self._message_times_s = deque([-math.inf], maxlen=_BUSY_MESSAGES)

    def start(
        self, node: Node, sources: Mapping[str, str], fixed_frame: str, on_sample: OnSample,
    ) -> None:
        """Subscribe; `sources` are TF frames. Raises TrackerInputError without tf2_msgs."""
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError as error:
            raise TrackerInputError(
                'input: tf needs the message package tf2_msgs, which this Python does not have; '
                "'make setup' builds it where there is a C++ compiler; without one use "
                'input: pose') from error
        self._node = node
        self._message_type = TFMessage
        self._frames = TrackerFrames(
            sources, fixed_frame, self._buffer or transform_buffer(), on_sample)
        self._subscriptions = [
            node.create_subscription(
                TFMessage, topic, partial(self._on_message, is_static), profile, raw=True)
            for is_static, topic, profile in (
                (False, '/tf', TF), (True, '/tf_static', TF_STATIC))
        ]

    def stop(self) -> None:
        """Unsubscribe and forget all transforms."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []
        self._frames = None

    def missing_message(self, trackers: Iterable[str]) -> str:
        """Say why nothing comes of these trackers, and which frames are known."""
        return self._frames.missing_message(trackers) if self._frames else 'not started'

    def _on_message(self, is_static: bool, data: bytes) -> None:
        """Take a message, and all that came since; of a busy topic several at a time."""
        now_s = time.monotonic()
        if now_s - self._message_times_s[0] < _BUSY_S:
            time.sleep(_GATHER_S)
        messages = [data, *waiting_messages(self._subscriptions[is_static])]
        self._message_times_s.extend([now_s] * len(messages))
        for message in messages:
            self._take(is_static, message)

    def _take(self, is_static: bool, data: bytes) -> None:
        frames = self._frames
        if frames is None:
            return
        now_ns = self._node.get_clock().now().nanoseconds
        for record in self._transforms(data, () if is_static else frames.skipped_keys):
            frames.take(*record, now_ns, is_static)

    def _transforms(
        self, data: bytes, skipped_keys: Container[bytes],
    ) -> Iterator[TransformRecord]:
        try:
            yield from read_transforms(data, skipped_keys)
        except UnreadableBytesError:
            yield from self._deserialized(data)

    def _deserialized(self, data: bytes) -> Iterator[TransformRecord]:
        """Read a message of another encapsulation, which the middleware knows."""
        try:
            message = deserialize_message(data, self._message_type)
        except RuntimeError as error:
            self._node.get_logger().warning(
                f'a message on /tf that cannot be read is left out: {error}',
                throttle_duration_sec=10.0)
            return
        for transform in message.transforms:
            header = transform.header
            position, quaternion = transform.transform.translation, transform.transform.rotation
            yield TransformRecord(
                f'{header.frame_id}\0{transform.child_frame_id}'.encode(),
                header.frame_id,
                transform.child_frame_id,
                stamp_ns(header.stamp),
                (position.x, position.y, position.z),
                (quaternion.x, quaternion.y, quaternion.z, quaternion.w),
            )


class PoseInput:
    """A PoseStamped topic per tracker, already in the fixed frame."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._node: Node
        self._fixed_frame = ''
        self._received: Counter[str] = Counter()
        self._wrong_frames: dict[str, Counter[str]] = {}

    def start(
        self, node: Node, sources: Mapping[str, str], fixed_frame: str, on_sample: OnSample,
    ) -> None:
        """Subscribe; `sources` are topics."""
        self._node = node
        self._fixed_frame = fixed_frame.lstrip('/')
        self._received.clear()
        self._wrong_frames = {tracker: Counter() for tracker in sources}
        self._subscriptions = {
            tracker: node.create_subscription(
                PoseStamped, topic, partial(self._on_pose, tracker, on_sample), TRACKER_POSE)
            for tracker, topic in sources.items()
        }

    def stop(self) -> None:
        """Unsubscribe."""
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)
        self._subscriptions = {}

    def wrong_frame_count(self, tracker: str) -> int:
        """Return how many poses of a tracker were not in the fixed frame, and not used."""
        return self._wrong_frames[tracker].total()

    def missing_message(self, trackers: Iterable[str]) -> str:
        """Say why nothing comes of these trackers."""
        return '; '.join(f'{tracker}: {self._problem(tracker)}' for tracker in trackers)

    def _on_pose(self, tracker: str, on_sample: OnSample, message: PoseStamped) -> None:
        header = message.header
        if header.frame_id.lstrip('/') != self._fixed_frame:
            self._wrong_frames[tracker][header.frame_id] += 1
            return
        self._received[tracker] += 1
        position, quaternion = message.pose.position, message.pose.orientation
        on_sample(
            tracker,
            stamp_ns(header.stamp),
            (position.x, position.y, position.z),
            (quaternion.x, quaternion.y, quaternion.z, quaternion.w),
        )

    def _problem(self, tracker: str) -> str:
        if tracker not in self._subscriptions:
            return 'not started'
        topic = self._subscriptions[tracker].topic_name
        wrong = self._wrong_frames[tracker]
        if wrong:
            frames = ', '.join(f"'{frame}'" for frame in sorted(wrong))
            return (
                f"{wrong.total()} poses on {topic} are in frame {frames}, not in the fixed frame "
                f"'{self._fixed_frame}', and were not used")
        publishers = self._node.count_publishers(topic)
        if not self._received[tracker]:
            return f'no pose on {topic} yet ({publishers} publishers)'
        return f'no new pose on {topic} ({publishers} publishers)'


def tracker_input(kind: str) -> TrackerInput:
    """Return the source of tracker samples of a kind, 'tf' or 'pose'."""
    return TfInput() if kind == 'tf' else PoseInput()
