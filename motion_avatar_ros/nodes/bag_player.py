# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Plays the tracker inputs of a rosbag2 bag.

It begins once its listeners are found, so that none misses the beginning. Every message leaves
as it was recorded but for its stamps, at the pace of its reception, and late rather than never,
so that the same poses come of it. /tf is played whole, without the frames of an avatar and of the
robot that followed it; static transforms of the first second are sent ahead, as their driver did
before the recording began.
"""

from __future__ import annotations

from functools import partial
import time
from typing import Any

from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.publisher import Publisher

from motion_avatar_ros.nodes.tracker_player_parameters import bag_pose_topics
from motion_avatar_ros.ros import diagnostics
from motion_avatar_ros.ros.bag_reader import (
    BagError, BagMessage, BagReader, InputKind, absolute_topic,
)
from motion_avatar_ros.ros.message_stamps import (
    UnreadableMessageError, first_stamp_ns, restamped_pose, restamped_transforms,
)
from motion_avatar_ros.ros.own_frames import own_frames
from motion_avatar_ros.ros.playback_clock import PlaybackClock
from motion_avatar_ros.ros.qos import TF, TF_STATIC
from motion_avatar_ros.ros.tracker_output import POSE_QOS, tf_message_type
from motion_avatar_ros.trackers.bag_times import BagTimes

_NS_PER_S = 1_000_000_000
_LOOP_GAP_NS = _NS_PER_S  # silence in which every receiver starts afresh
_AHEAD_NS = _NS_PER_S
_LATE_NS = 100_000_000
_LATE_SHARE = 0.01
_PAST_NS = _NS_PER_S
# The middleware finds most listeners at once, some only when it announces itself again.
_SETTLED_S = 3.0
_NO_LISTENER_S = 10.0
_LISTENERS_PERIOD_S = 0.05
_MOVING = (InputKind.TF, InputKind.POSE)


class BagPlayer:
    """Publishes the inputs of a bag on a node's topics."""

    def __init__(self, node: Node, values: dict[str, Any]) -> None:
        """
        Open the bag and make the publishers.

        Args:
            node: publishes.
            values: of PLAYER_PARAMETERS.

        Raises:
            BagError: the bag cannot be read, or holds no tracker input.
            ParameterError: a parameter that is not for bags.
            TrackerOutputError: /tf is in the bag and tf2_msgs is not installed.
        """
        self._node = node
        pose_topics = bag_pose_topics(values)
        self._reader = BagReader(values['bag'], values['bag_namespace'], pose_topics)
        try:
            self._first = self._first_sample()
            # Where the bag has a namespace of its own, the node's takes its place.
            self._publishers = self._make_publishers({
                absolute_topic(values['bag_namespace'], name): name for name in pose_topics})
        except BaseException:
            self._reader.close()
            raise
        self._speed = values['speed']
        self._start_delay_ns = round(values['start_delay_s'] * _NS_PER_S)
        self._is_looping = values['loop']
        self._is_shifted = values['bag_stamps'] == 'shifted'
        self._left_out = own_frames(values['body_id'], values['robot_prefix'])
        self._rate_meter = diagnostics.RateMeter()
        self._lateness_meter = diagnostics.LatencyMeter()
        self._sent = self._late = self._skipped = self._unreadable = self._passes = 0
        self._is_at_end = False
        topics = ', '.join(f'{topic.name} {topic.message_count}' for topic in self._reader.topics)
        #: What is played, in one line.
        self.description = f"bag '{values['bag']}' ({topics})"

    def play(self, clock: PlaybackClock) -> None:
        """
        Play to the end, again and again if asked, until the clock says stop.

        Raises:
            BagError: the bag is damaged here.
        """
        if self._wait_for_listeners(clock):
            return
        start_ns = clock.now_ns() + self._start_delay_ns
        start_stamp_ns = clock.ros_now_ns() + self._start_delay_ns
        while True:
            times = self._times(clock, start_ns, start_stamp_ns)
            end_ns = self._play_once(clock, times)
            if end_ns is None:
                return
            self._passes += 1
            if not (self._is_looping and self._is_shifted):
                break
            next_ns = end_ns + _LOOP_GAP_NS
            start_stamp_ns += next_ns - start_ns
            start_ns = next_ns
        self._node.get_logger().info('end of the bag')
        self._is_at_end = True

    def close(self) -> None:
        """Close the bag."""
        self._reader.close()

    def status(self) -> tuple[int, str, dict[str, Any]]:
        """Return level, line and values for diagnostics."""
        level, line = diagnostics.OK, 'playing a bag'
        if self._is_at_end:
            line = 'end of the bag'
        elif self._unreadable:
            level, line = diagnostics.WARN, f'{self._unreadable} messages could not be read'
        elif self._late > _LATE_SHARE * self._sent:
            level = diagnostics.WARN
            line = f'{self._late} messages sent late: too little processor time'
        return level, line, {
            'output_rate_hz': self._rate_meter.rate_hz(), 'messages_sent': self._sent,
            'messages_late': self._late, 'messages_skipped': self._skipped,
            'messages_unreadable': self._unreadable,
            'passes': self._passes, **self._lateness_meter.values('lateness')}

    def _first_sample(self) -> BagMessage:
        for message in self._reader.messages(_MOVING):
            return message
        raise BagError(self._reader.path, 'no trackers: its topics have no messages')

    def _make_publishers(self, pose_topics: dict[str, str]) -> dict[str, Publisher]:
        node = self._node
        publishers = {}
        for topic in self._reader.topics:
            if topic.kind is InputKind.POSE:
                publishers[topic.name] = node.create_publisher(
                    PoseStamped, pose_topics[topic.name], POSE_QOS)
            else:
                is_static = topic.kind is InputKind.TF_STATIC
                publishers[topic.name] = node.create_publisher(
                    tf_message_type(), '/tf_static' if is_static else '/tf',
                    TF_STATIC if is_static else TF)
        return publishers

    def _wait_for_listeners(self, clock: PlaybackClock) -> bool:
        """Wait for those the middleware is about to find; True when it is time to stop."""
        if clock.is_simulated and not self._is_shifted:
            return False
        publishers = [
            self._publishers[topic.name] for topic in self._reader.topics
            if topic.kind in _MOVING]
        started_s = changed_s = time.monotonic()
        counts: list[int] = []
        while True:
            now_s = time.monotonic()
            before, counts = counts, [p.get_subscription_count() for p in publishers]
            if counts != before:
                changed_s = now_s
            if any(counts) and now_s - changed_s > _SETTLED_S:
                return False
            if now_s - started_s > _NO_LISTENER_S:
                if not any(counts):
                    self._node.get_logger().warning('nobody listens; playing all the same')
                return False
            if clock.wait(_LISTENERS_PERIOD_S):
                return True

    def _times(self, clock: PlaybackClock, start_ns: int, start_stamp_ns: int) -> BagTimes:
        first = self._first
        stamp_ns = first_stamp_ns(first.data, first.topic.kind is InputKind.POSE)
        if not stamp_ns:  # 0 means none
            stamp_ns = first.received_ns
        times = BagTimes(first.received_ns, stamp_ns, start_ns, start_stamp_ns, self._speed)
        if clock.is_simulated and not self._is_shifted:
            # The clock is that of the recording: each message has its time on it.
            base_ns = stamp_ns if times.is_other_clock else first.received_ns
            return BagTimes(first.received_ns, stamp_ns, base_ns, base_ns)
        if times.is_other_clock and not self._passes:
            self._node.get_logger().warning(
                f'stamps and reception differ by '
                f'{abs(stamp_ns - first.received_ns) / _NS_PER_S:.0f} s: stamps of another '
                'clock' + (', moved so that the first is the present' if self._is_shifted else ''))
        return times

    def _play_once(self, clock: PlaybackClock, times: BagTimes) -> int | None:
        """Play the bag; return when its last message was due, or None when stopped."""
        ahead_ns = self._first.received_ns + _AHEAD_NS
        for message in self._reader.messages((InputKind.TF_STATIC,), ahead_ns):
            self._send(message, times)
        due_ns = clock.now_ns()
        for message in self._reader.messages():
            if message.topic.kind is InputKind.TF_STATIC and message.received_ns < ahead_ns:
                continue
            due_ns = times.due_ns(message.received_ns)
            while (left_ns := due_ns - clock.now_ns()) > 0 or clock.is_stopped():
                if clock.wait(left_ns / _NS_PER_S):
                    return None
                if back_ns := clock.set_back_ns():
                    times.set_back(back_ns)
                    due_ns -= back_ns
            late_ns = clock.now_ns() - due_ns
            if clock.is_simulated and not self._is_shifted and late_ns > _PAST_NS:
                self._skipped += 1  # the clock is past this part of the recording
                continue
            self._send(message, times)
            self._late += late_ns > _LATE_NS
            self._lateness_meter.add(late_ns / _NS_PER_S)
        return due_ns

    def _send(self, message: BagMessage, times: BagTimes) -> None:
        restamp = times.stamp_ns if self._is_shifted else _unchanged
        move = restamped_pose if message.topic.kind is InputKind.POSE else partial(
            restamped_transforms, left_out=self._left_out)
        publisher = self._publishers[message.topic.name]
        try:
            data = move(message.data, publisher.msg_type, restamp)
        except UnreadableMessageError as error:
            self._unreadable += 1
            self._node.get_logger().warning(
                f'a message on {message.topic.name} is left out: {error}',
                throttle_duration_sec=10.0)
            return
        if data is None:
            return
        try:
            publisher.publish(data)
        except Exception:
            if self._node.context.ok():
                raise
            return  # the context went down while publishing
        self._sent += 1
        self._rate_meter.tick()


def _unchanged(stamp_ns: int) -> int:
    return stamp_ns
