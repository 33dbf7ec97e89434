# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Listens to tracker inputs and hands their bytes, with reception times, to a bag.

Queues are deep, so that a pause of the disk costs no sample. Subscriptions are there from the
start and a topic enters the bag with its first message: a driver may come at any time. An
avatar's own frames on /tf are left out: they are no input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
import time
from typing import Any

from geometry_msgs.msg import PoseStamped
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import JointState

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.bag_reader import POSE_TYPE, TF_TYPE, absolute_topic
from motion_avatar_ros.ros.bag_writer import BagWriter, OfferedQos
from motion_avatar_ros.ros.message_stamps import child_frames

_DEPTH = 2000  # 2 s of a busy /tf
_JOINT_STATE_TYPE = 'sensor_msgs/msg/JointState'
_BODY_TOPICS = ('avatar_node/joint_states', 'avatar_node/confidence')


@dataclass(frozen=True)
class RecordedTopic:
    """
    A topic to record.

    Attributes:
        name: absolute.
        type_name: TF_TYPE, POSE_TYPE or that of JointState.
        is_latched: whether to ask for what was sent before.
    """

    name: str
    type_name: str
    is_latched: bool = False

    @property
    def is_input(self) -> bool:
        """Whether trackers come on it as time goes by."""
        return self.type_name in (TF_TYPE, POSE_TYPE) and not self.is_latched


def topics_to_record(
    namespace: str, pose_topics: Iterable[str], with_body: bool,
) -> list[RecordedTopic]:
    """
    Return the inputs of one avatar, and if asked its output.

    Args:
        namespace: of all topics that are not absolute, /tf included; '' for none.
        pose_topics: PoseStamped topics.
        with_body: whether to add avatar_node's poses.
    """
    absolute = partial(absolute_topic, namespace)
    return [
        RecordedTopic(absolute('tf'), TF_TYPE),
        RecordedTopic(absolute('tf_static'), TF_TYPE, is_latched=True),
        *(RecordedTopic(name, POSE_TYPE) for name in dict.fromkeys(map(absolute, pose_topics))),
        *(RecordedTopic(absolute(name), _JOINT_STATE_TYPE)
          for name in _BODY_TOPICS if with_body),
    ]


class InputRecorder:
    """Subscriptions of a node whose messages go into a bag."""

    def __init__(
        self, node: Node, writer: BagWriter, topics: Sequence[RecordedTopic], body_id: str,
    ) -> None:
        """
        Subscribe.

        Args:
            node: whose executor the caller spins.
            writer: takes the messages.
            topics: to record.
            body_id: frames <body_id>/... are an avatar's.

        Raises:
            MotionAvatarError: /tf is asked for and tf2_msgs is not installed.
        """
        self._node = node
        self._writer = writer
        self._avatar_frames = f'{body_id}/'
        self._types = _message_types(topics)
        self._is_reliable = {topic.name: True for topic in topics}
        self._unheard: set[RecordedTopic] = set()  # best-effort publishers, as yet unheard
        #: Child frames seen on /tf and /tf_static.
        self.frames: set[str] = set()
        #: Messages on /tf with an avatar's frames only, which were left out.
        self.left_out = 0
        self._subscriptions: dict[str, Subscription] = {
            topic.name: self._subscribe(topic) for topic in topics}

    def serve_best_effort(self) -> None:
        """Listen less strictly where a publisher offers best effort; call now and then."""
        while self._unheard:
            topic = self._unheard.pop()
            if self._is_reliable[topic.name]:
                self._is_reliable[topic.name] = False
                self._node.destroy_subscription(self._subscriptions[topic.name])
                self._subscriptions[topic.name] = self._subscribe(topic)

    def _subscribe(self, topic: RecordedTopic) -> Subscription:
        # As avatar_node listens: to poses of either reliability, to /tf reliably.
        events = SubscriptionEventCallbacks(
            incompatible_qos=lambda _: self._unheard.add(topic)
        ) if topic.type_name == POSE_TYPE else None
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
        if topic.type_name == TF_TYPE:
            frames = child_frames(data)
            if frames and all(frame.startswith(self._avatar_frames) for frame in frames):
                self.left_out += 1
                return
            self.frames.update(frames)
        if topic.name not in self._writer.counts:
            self._writer.add_topic(topic.name, topic.type_name, [
                _offered(publisher.qos_profile)
                for publisher in self._node.get_publishers_info_by_topic(topic.name)])
        # The middleware's time of reception, where it tells one, knows no queue of ours.
        self._writer.write(topic.name, info.get('received_timestamp') or time.time_ns(), data)


def _message_types(topics: Sequence[RecordedTopic]) -> dict[str, Any]:
    types: dict[str, Any] = {POSE_TYPE: PoseStamped, _JOINT_STATE_TYPE: JointState}
    if any(topic.type_name == TF_TYPE for topic in topics):
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError as error:
            raise MotionAvatarError(
                f'/tf needs the message package tf2_msgs, which is not installed ({error}); '
                "'make setup' builds it where there is a C++ compiler") from None
        types[TF_TYPE] = TFMessage
    return types


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
