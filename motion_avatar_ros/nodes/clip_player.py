# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Plays a clip or built-in motion as trackers, beside the body's true pose.

Frames leave on an absolute schedule. A stamp is the instant, on the node's clock, for which
its frame was scheduled: the time the pose refers to, also when it leaves late. Under simulated
time the schedule follows that clock, so that the motion keeps its speed in it.
"""

from __future__ import annotations

import heapq
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.nodes.tracker_player_parameters import (
    make_faults, make_playback, played_trackers,
)
from motion_avatar_ros.ros import diagnostics
from motion_avatar_ros.ros.body_messages import joint_state_message
from motion_avatar_ros.ros.playback_clock import PlaybackClock
from motion_avatar_ros.ros.qos import JOINT_STATES
from motion_avatar_ros.ros.tracker_output import PoseOutput, TfOutput, TrackerOutput
from motion_avatar_ros.trackers.injected_faults import DueFrame
from motion_avatar_ros.trackers.playback_schedule import PlaybackSchedule

_NS_PER_S = 1_000_000_000
_LATE_SHARE = 0.01  # frames skipped for lack of processor time, above which the state is WARN


class ClipPlayer:
    """Publishes played trackers and the ground truth on a node's topics."""

    def __init__(self, node: Node, values: dict[str, Any]) -> None:
        """
        Load the clip and make the publishers.

        Args:
            node: publishes.
            values: of PLAYER_PARAMETERS.

        Raises:
            MotionAvatarError: a parameter or the clip is bad; the text says what is allowed.
        """
        self._node = node
        trackers = played_trackers(values)
        self._playback = make_playback(values, trackers.names)
        self._faults = make_faults(values, trackers.names)
        self._waiting: list[tuple[int, int, DueFrame]] = []     # a heap, by time and order
        self._put_off = 0
        self._fixed_frame = values['fixed_frame']
        self._rate_hz = values['rate_hz']
        self._start_delay_ns = round(values['start_delay_s'] * _NS_PER_S)
        self._latency_ns = round(values['latency_s'] * _NS_PER_S)
        make_output = TfOutput if values['output'] == 'tf' else PoseOutput
        self._output: TrackerOutput = make_output(node, trackers.targets, self._fixed_frame)
        self._truth_publisher = node.create_publisher(
            JointState, '~/ground_truth', JOINT_STATES
        ) if values['publish_ground_truth'] else None
        self._encoder = JointStateEncoder()
        self._rate_meter = diagnostics.RateMeter()
        self._lateness_meter = diagnostics.LatencyMeter()
        self._schedule: PlaybackSchedule | None = None
        self._sent = self._dropped = 0
        self._is_at_end = False
        what = values['clip'] or f"built-in motion '{values['motion']}'"
        #: What is played, in one line.
        self.description = (
            f'{what} ({self._playback.loop_frames / self._rate_hz:.1f} s per loop, '
            f'{self._playback.transition_s:.1f} s of it the way back) as '
            f'{", ".join(trackers.targets)} in {self._fixed_frame} at {self._rate_hz:g} Hz')

    def play(self, clock: PlaybackClock) -> None:
        """Play to the end, or until the clock says stop."""
        self._schedule = schedule = PlaybackSchedule(
            self._rate_hz, clock.now_ns() + self._start_delay_ns)
        while not clock.wait(schedule.wait_s(clock.now_ns())):
            while (number := schedule.take(clock.now_ns())) is not None:
                frame = self._playback.frame(number)
                if frame is None:
                    self._node.get_logger().info('end of the clip')
                    self._is_at_end = True
                    return
                due_ns = schedule.due_ns(number)
                late_ns = clock.now_ns() - due_ns
                pose_ns = clock.ros_now_ns() - late_ns
                for due in self._faults.sent(frame, due_ns, pose_ns - self._latency_ns):
                    self._put_off += 1
                    heapq.heappush(self._waiting, (due.due_ns, self._put_off, due))
                while self._waiting and self._waiting[0][0] <= due_ns:
                    self._publish(heapq.heappop(self._waiting)[2])
                self._lateness_meter.add(late_ns / _NS_PER_S)

    def close(self) -> None:
        """Do nothing: all of a clip is in memory."""

    def status(self) -> tuple[int, str, dict[str, Any]]:
        """Return level, line and values for diagnostics."""
        skipped = self._schedule.skipped if self._schedule is not None else 0
        level, line = diagnostics.OK, 'playing'
        if self._is_at_end:
            line = 'end of the clip'
        elif skipped > _LATE_SHARE * (self._sent + skipped):
            level = diagnostics.WARN
            line = f'{skipped} frames skipped: too little processor time for {self._rate_hz:g} Hz'
        return level, line, {
            'output_rate_hz': self._rate_meter.rate_hz(), 'frames_sent': self._sent,
            'frames_skipped': skipped, 'tracker_samples_dropped': self._dropped,
            'fault': self._faults.kind or None,
            **{f'faults.{kind}': count for kind, count in self._faults.counts.items()},
            **self._lateness_meter.values('lateness')}

    def _publish(self, due: DueFrame) -> None:
        frame, stamp_ns = due.frame, due.stamp_ns
        if stamp_ns < 0:
            return  # a simulated clock younger than the latency
        try:
            self._output.send(frame, stamp_ns)
            if self._truth_publisher is not None and frame.truth is not None:
                self._truth_publisher.publish(joint_state_message(
                    frame.truth, stamp_ns, self._fixed_frame, self._encoder))
        except Exception:
            if self._node.context.ok():
                raise
            return  # the context went down while publishing
        self._rate_meter.tick()
        self._sent += 1
        self._dropped += int((~frame.is_present).sum())
