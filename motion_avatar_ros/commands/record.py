# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`record`: tracker inputs into a rosbag2 bag, from which the same poses come again."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys
import threading
import time
from typing import TYPE_CHECKING

from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.commands.stop_signals import StopSignals
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.bag_writer import STORAGES, BagWriter
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES

if TYPE_CHECKING:
    from motion_avatar_ros.ros.input_recorder import InputRecorder, RecordedTopic

HELP = 'record the trackers to a rosbag2 bag, for tracker_player_node and `demo --bag`'

_PERIOD_S = 0.1
_FIRST_WARNING_S = 3.0  # nothing has arrived for so long, then again every
_NEXT_WARNING_S = 10.0
_NAMED_FRAMES = 20


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FOLDER', help='of the bag; must not exist')
    parser.add_argument(
        '--duration', type=positive_number, metavar='S',
        help='end after so many seconds (default: at Ctrl-C)')
    parser.add_argument(
        '--storage', choices=STORAGES, default='mcap', help='format (default: mcap)')
    parser.add_argument(
        '--namespace', default='', metavar='NS', help='of all topics, of /tf too')
    parser.add_argument(
        '--pose-topic', action='append', default=[], metavar='TOPIC',
        help='a PoseStamped topic of another name than <tracker>_tracker/pose; can be repeated')
    parser.add_argument(
        '--body-id', default='avatar', metavar='ID',
        help="frames ID/... on /tf are an avatar's and are not recorded (default: avatar)")
    parser.add_argument(
        '--with-body', action='store_true',
        help="also avatar_node's joint_states and confidence, to compare with; never played")


def run(arguments: Namespace) -> int:
    """Record; 0 when there are samples in the bag, 1 when no tracker sent any."""
    import rclpy
    from rclpy.exceptions import InvalidTopicNameException
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    from motion_avatar_ros.ros.input_recorder import InputRecorder, topics_to_record

    topics = topics_to_record(
        arguments.namespace,
        [*(f'{name}_tracker/pose' for name in (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)),
         *arguments.pose_topic],
        arguments.with_body)
    with StopSignals() as must_stop, BagWriter(arguments.out, arguments.storage) as writer:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node('recorder')
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            recorder = InputRecorder(node, writer, topics, arguments.body_id)
            recording = _Recording(arguments.out, writer, recorder, topics)
            recording.say(
                f'recording to {arguments.out} ({arguments.storage}), ROS_DOMAIN_ID is '
                f'{node.context.get_domain_id()}; '
                + ('Ctrl-C ends' if arguments.duration is None
                   else f'for {arguments.duration:g} s'))
            recording.spin(executor, must_stop, arguments.duration)
        except InvalidTopicNameException as error:
            raise MotionAvatarError(' '.join(str(error).split())) from None
        finally:
            executor.shutdown()
            node.destroy_node()
            rclpy.try_shutdown()
        counts = writer.counts
        writer.close()
    return recording.report(counts)


class _Recording:
    """What is said of a recording, during it and at its end."""

    def __init__(
        self, folder: Path, writer: BagWriter, recorder: InputRecorder,
        topics: list[RecordedTopic],
    ) -> None:
        self._folder = folder
        self._writer = writer
        self._recorder = recorder
        self._inputs = [topic.name for topic in topics if topic.is_input]
        self._start_s = time.monotonic()
        self._next_warning_s = self._start_s + _FIRST_WARNING_S
        self._is_silent = True

    def say(self, line: str) -> None:
        """Write a line at once."""
        sys.stdout.write(line + '\n')
        sys.stdout.flush()

    def spin(
        self, executor: object, must_stop: threading.Event, duration_s: float | None,
    ) -> None:
        """Record until the duration is over or a stop is asked."""
        end_s = self._start_s + (float('inf') if duration_s is None else duration_s)
        while not must_stop.is_set() and (now_s := time.monotonic()) < end_s:
            until_s = min(end_s, now_s + _PERIOD_S)
            while (left_s := until_s - time.monotonic()) > 0.0 and not must_stop.is_set():
                executor.spin_once(timeout_sec=left_s)  # type: ignore[attr-defined]
            self._recorder.serve_best_effort()
            self._warn_of_silence(time.monotonic())

    def report(self, counts: dict[str, int]) -> int:
        """Print what was recorded and return the exit status."""
        if not counts:
            sys.stderr.write(
                f'motion_avatar record: {self._nothing()}; no bag was written\n')
            return 1
        size_mb = sum(file.stat().st_size for file in self._folder.iterdir()) / 1e6
        self.say(f'{self._folder}: {size_mb:.1f} MB')
        for name, count in counts.items():
            self.say(f'  {name}: {count} messages')
        if self._recorder.left_out:
            self.say(f"  left out: {self._recorder.left_out} messages of an avatar's frames")
        if self._recorder.frames:
            self.say(f'  frames: {self._frames()}')
        if not self._has_samples(counts):
            sys.stderr.write(f'motion_avatar record: {self._nothing()}: nothing to play\n')
            return 1
        return 0

    def _has_samples(self, counts: dict[str, int]) -> bool:
        return any(counts.get(name) for name in self._inputs)

    def _warn_of_silence(self, now_s: float) -> None:
        if not self._is_silent or now_s < self._next_warning_s:
            return
        self._next_warning_s = now_s + _NEXT_WARNING_S
        counts = self._writer.counts
        waits_for = [f'{name}_tracker' for name in TRACKER_NAMES]
        if not self._has_samples(counts):
            self.say(f'{self._nothing()}; waiting for frames {", ".join(waits_for)}, or poses')
            return
        self._is_silent = False
        is_pose = any(counts.get(name) for name in self._inputs[1:])
        missing = [name for name in waits_for if name not in self._recorder.frames]
        if missing and not is_pose:
            self.say(
                f'no frame {", ".join(missing)} on {self._inputs[0]} (there are: '
                f'{self._frames()}); all of it is recorded, but avatar_node needs the names')

    def _nothing(self) -> str:
        seconds = time.monotonic() - self._start_s
        return f'nothing arrived in {seconds:.0f} s on {", ".join(self._inputs)}'

    def _frames(self) -> str:
        names = sorted(self._recorder.frames)
        more = len(names) - _NAMED_FRAMES
        return (', '.join(names[:_NAMED_FRAMES]) or 'none') + (
            f' and {more} more' if more > 0 else '')
