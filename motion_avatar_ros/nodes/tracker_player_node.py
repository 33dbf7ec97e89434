# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
tracker_player_node: the trackers of an operator who is not there.

Plays a clip or built-in motion as head, hands and, if asked, pelvis and feet, on /tf or as
PoseStamped topics, beside the body's true pose. Frames leave on an absolute schedule of the
steady clock, from a thread of their own. A stamp is the instant, on the node's clock, for which
its frame was scheduled: the time the pose refers to, also when it leaves late. Under simulated
time the schedule follows that clock, so that the motion keeps its speed in it.
"""

from __future__ import annotations

from collections.abc import Sequence
import sys
import threading
import time
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.nodes.tracker_player_parameters import (
    PLAYER_PARAMETERS, make_playback, played_trackers,
)
from motion_avatar_ros.ros import diagnostics
from motion_avatar_ros.ros.body_messages import joint_state_message
from motion_avatar_ros.ros.lifecycle import run
from motion_avatar_ros.ros.parameters import declare_parameters
from motion_avatar_ros.ros.qos import JOINT_STATES
from motion_avatar_ros.ros.tracker_output import PoseOutput, TfOutput, TrackerOutput
from motion_avatar_ros.trackers.playback_schedule import PlaybackSchedule
from motion_avatar_ros.trackers.tracker_playback import TrackerFrame

_NS_PER_S = 1_000_000_000
#: How often a simulated clock is looked at; it cannot be waited for.
_SIM_TIME_POLL_S = 0.002
_LATE_SHARE = 0.01  # frames skipped for lack of processor time, above which the state is WARN


class TrackerPlayerNode(Node):
    """Publishes played trackers and the ground truth."""

    def __init__(self, **node_arguments: Any) -> None:
        """
        Load the clip and get ready.

        Raises:
            MotionAvatarError: a parameter or the clip is bad; the text says what is allowed.
        """
        super().__init__('tracker_player_node', **node_arguments)
        try:
            self._configure(declare_parameters(self, PLAYER_PARAMETERS))
        except BaseException:
            self.destroy_node()
            raise

    def _configure(self, values: dict[str, Any]) -> None:
        trackers = played_trackers(values)
        self._playback = make_playback(values, trackers.names)
        self._fixed_frame = values['fixed_frame']
        self._rate_hz = values['rate_hz']
        self._start_delay_ns = round(values['start_delay_s'] * _NS_PER_S)
        self._latency_ns = round(values['latency_s'] * _NS_PER_S)
        make_output = TfOutput if values['output'] == 'tf' else PoseOutput
        self._output: TrackerOutput = make_output(self, trackers.targets, self._fixed_frame)
        self._truth_publisher = self.create_publisher(
            JointState, '~/ground_truth', JOINT_STATES
        ) if values['publish_ground_truth'] else None
        self._encoder = JointStateEncoder()
        self._is_on_sim_time = self.get_parameter('use_sim_time').value
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._play, name='playback')
        self._rate_meter = diagnostics.RateMeter()
        self._lateness_meter = diagnostics.LatencyMeter()
        self._schedule: PlaybackSchedule | None = None
        self._sent = self._dropped = 0
        self._is_at_end = False
        self._diagnostics = diagnostics.DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._status)
        what = values['clip'] or f"built-in motion '{values['motion']}'"
        self.get_logger().info(
            f'playing {what} ({self._playback.loop_frames / self._rate_hz:.1f} s per loop, '
            f'{self._playback.transition_s:.1f} s of it the way back) as '
            f'{", ".join(trackers.targets)} in {self._fixed_frame} at {self._rate_hz:g} Hz')

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def close(self) -> None:
        """Stop playing and destroy the node."""
        self._is_stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.destroy_node()

    def _play(self) -> None:
        while self._now_ns() == 0:  # a simulated clock that does not run yet
            if self._must_stop(_SIM_TIME_POLL_S):
                return
        self._schedule = schedule = PlaybackSchedule(
            self._rate_hz, self._now_ns() + self._start_delay_ns)
        while not self._must_stop(
                _SIM_TIME_POLL_S if self._is_on_sim_time else schedule.wait_s(self._now_ns())):
            while (number := schedule.take(self._now_ns())) is not None:
                frame = self._playback.frame(number)
                if frame is None:
                    self.get_logger().info('end of the clip')
                    self._is_at_end = True
                    return
                late_ns = self._now_ns() - schedule.due_ns(number)
                self._publish(frame, self.get_clock().now().nanoseconds - late_ns)
                self._lateness_meter.add(late_ns / _NS_PER_S)

    def _must_stop(self, after_s: float) -> bool:
        return self._is_stopping.wait(after_s) or not self.context.ok()

    def _now_ns(self) -> int:
        return self.get_clock().now().nanoseconds if self._is_on_sim_time else (
            time.monotonic_ns())

    def _publish(self, frame: TrackerFrame, pose_ns: int) -> None:
        stamp_ns = pose_ns - self._latency_ns
        if stamp_ns < 0:
            return  # a simulated clock younger than the latency
        try:
            self._output.send(frame, stamp_ns)
            if self._truth_publisher is not None and frame.truth is not None:
                self._truth_publisher.publish(joint_state_message(
                    frame.truth, stamp_ns, self._fixed_frame, self._encoder))
        except Exception:
            if self.context.ok():
                raise
            return  # the context went down while publishing
        self._rate_meter.tick()
        self._sent += 1
        self._dropped += int((~frame.is_present).sum())

    def _status(self) -> tuple[int, str, dict[str, Any]]:
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
            **self._lateness_meter.values('lateness')}


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; 2 for a bad parameter or clip."""
    return run(TrackerPlayerNode, args)


if __name__ == '__main__':
    sys.exit(main())
