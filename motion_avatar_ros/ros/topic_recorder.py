# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Listens to topics and hands their bytes, with reception times, to a bag.

Queues are deep, so that a pause of the disk costs no sample. Subscriptions are there from the
start and a topic enters the bag with its first message: a driver may come at any time. Frames
on /tf that this package's own nodes put there are left out: they are no input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
import time

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from motion_avatar_ros.ros.bag_reader import TF_TYPE, BagError
from motion_avatar_ros.ros.bag_writer import BagWriter, OfferedQos
from motion_avatar_ros.ros.message_stamps import child_frames
from motion_avatar_ros.ros.recorded_topics import RecordedTopic, message_types

_DEPTH = 2000  # 2 s of a busy /tf


class TopicRecorder:
    """Subscriptions of a node whose messages go into a bag."""

    def __init__(
        self, node: Node, writer: BagWriter, topics: Sequence[RecordedTopic],
        left_out: Sequence[str],
    ) -> None:
        """
        Subscribe.

        Args:
            node: whose executor the caller spins.
            writer: takes the messages.
            topics: to record.
            left_out: frames on /tf that begin so are left out: 'avatar/'.

        Raises:
            MotionAvatarError: /tf is asked for and tf2_msgs is not installed.
            InvalidTopicNameException: a topic's name is none.
        """
        self._node = node
        self._writer = writer
        self._left_out = tuple(left_out)
        self._types = message_types(topics)
        self._is_reliable = {topic.name: True for topic in topics}
        self._unheard: set[RecordedTopic] = set()  # best-effort publishers, as yet unheard
        #: Child frames seen on /tf and /tf_static.
        self.frames: set[str] = set()
        #: Messages on /tf that held nothing but frames to leave out.
        self.left_out = 0
        #: Why the bag takes no more, or None while it does.
        self.error: BagError | None = None
        self._subscriptions: dict[str, Subscription] = {}
        try:
            for topic in topics:
                self._subscriptions[topic.name] = self._subscribe(topic)
        except BaseException:
            self.stop()
            raise

    def serve_best_effort(self) -> None:
        """Listen less strictly where a publisher offers best effort; call now and then."""
        while self._unheard:
            topic = self._unheard.pop()
            if self._is_reliable[topic.name]:
                self._is_reliable[topic.name] = False
                self._node.destroy_subscription(self._subscriptions[topic.name])
                self._subscriptions[topic.name] = self._subscribe(topic)

    def stop(self) -> None:
        """Listen no more."""
        while self._subscriptions:
            self._node.destroy_subscription(self._subscriptions.popitem()[1])

    def _subscribe(self, topic: RecordedTopic) -> Subscription:
        # As avatar_node listens: to poses of either reliability, to /tf reliably.
        events = None if topic.type_name == TF_TYPE else SubscriptionEventCallbacks(
            incompatible_qos=lambda _: self._unheard.add(topic))
        return self._node.create_subscription(
            self._types[topic.type_name], topic.name, partial(self._on_message, topic),
            QoSProfile(
                depth=_DEPTH,
                reliability=(
                    ReliabilityPolicy.RELIABLE if self._is_reliable[topic.name]
                    else ReliabilityPolicy.BEST_EFFORT),
                durability=(
                    DurabilityPolicy.TRANSIENT_LOCAL if topic.is_latched
                    else DurabilityPolicy.VOLATILE)),
            raw=True, event_callbacks=events)

    def _on_message(
        self, topic: RecordedTopic, data: bytes, info: Mapping[str, int],
    ) -> None:
        if self.error is not None:
            return
        if topic.type_name == TF_TYPE:
            frames = child_frames(data)
            if frames and all(frame.startswith(self._left_out) for frame in frames):
                self.left_out += 1
                return
            self.frames.update(frames)
        # The middleware's time of reception, where it tells one, knows no queue of ours.
        received_ns = info.get('received_timestamp') or time.time_ns()
        try:
            if topic.name not in self._writer.counts:
                self._writer.add_topic(topic.name, topic.type_name, [
                    _offered(publisher.qos_profile)
                    for publisher in self._node.get_publishers_info_by_topic(topic.name)])
            self._writer.write(topic.name, received_ns, data)
        except BagError as error:  # a callback that raises would end the node
            self.error = error


def _offered(profile: QoSProfile) -> OfferedQos:
    return OfferedQos(
        history=profile.history.name.lower(),
        depth=profile.depth,
        reliability=profile.reliability.name.lower(),
        durability=profile.durability.name.lower(),
        liveliness=profile.liveliness.name.lower(),
        deadline_ns=profile.deadline.nanoseconds,
        lifespan_ns=profile.lifespan.nanoseconds,
        liveliness_lease_ns=profile.liveliness_lease_duration.nanoseconds,
        avoid_ros_namespace_conventions=profile.avoid_ros_namespace_conventions,
    )
