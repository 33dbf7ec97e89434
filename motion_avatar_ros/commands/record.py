# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`record`: an avatar's inputs and outputs into a rosbag2 bag; the same poses come of it again."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys
import threading
import time
from typing import TYPE_CHECKING

from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.commands.stop_signals import StopSignals
from motion_avatar_ros.ros.bag_writer import STORAGES
from motion_avatar_ros.ros.own_frames import BODY_ID, ROBOT_FRAME_PREFIX, own_frames
from motion_avatar_ros.ros.recorded_topics import (
    RecordedTopic, input_topics, mesh_topics, output_topics,
)
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES

if TYPE_CHECKING:
    from motion_avatar_ros.ros.bag_recording import BagRecording, RecordingStatus

HELP = 'record trackers, body and robot to a rosbag2 bag, for `demo --bag` and to compare'

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
        '--command-topic', action='append', default=[], metavar='TOPIC',
        help="a robot's .../joint_trajectory or .../commands beside retarget_node's own; can be "
             'repeated')
    parser.add_argument(
        '--avatar-node', default='avatar_node', metavar='NAME',
        help='whose body is recorded (default: avatar_node)')
    parser.add_argument(
        '--robot-node', default='retarget_node', metavar='NAME',
        help='whose robot is recorded (default: retarget_node)')
    parser.add_argument(
        '--body-id', default=BODY_ID, metavar='ID',
        help="frames ID/... on /tf are an avatar's and are not recorded (default: avatar)")
    parser.add_argument(
        '--robot-prefix', default=ROBOT_FRAME_PREFIX, metavar='PREFIX',
        help='frames on /tf that begin so are of a robot that follows and are not recorded '
             '(default: robot/)')
    outputs = parser.add_mutually_exclusive_group()
    outputs.add_argument(
        '--inputs-only', action='store_true', help='what the trackers send and nothing else')
    outputs.add_argument(
        '--with-meshes', action='store_true', help="also mesh_node's Markers, which are large")


def run(arguments: Namespace) -> int:
    """Record; 0 when there are samples in the bag, 1 when there are none or the disk is full."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    from motion_avatar_ros.ros.bag_recording import BagRecording

    topics = _topics(arguments)
    with StopSignals() as must_stop:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node('recorder')
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            with BagRecording(
                    node, arguments.out, topics, arguments.storage,
                    own_frames(arguments.body_id, arguments.robot_prefix)) as recording:
                watch = _Watch(recording, topics)
                watch.say(
                    f'recording to {arguments.out} ({arguments.storage}), ROS_DOMAIN_ID is '
                    f'{node.context.get_domain_id()}; '
                    + ('Ctrl-C ends' if arguments.duration is None
                       else f'for {arguments.duration:g} s'))
                watch.spin(executor, must_stop, arguments.duration)
                return watch.report(recording.stop())
        finally:
            executor.shutdown()
            node.destroy_node()
            rclpy.try_shutdown()


def _topics(arguments: Namespace) -> list[RecordedTopic]:
    namespace = arguments.namespace
    topics = input_topics(namespace, [
        *(f'{name}_tracker/pose' for name in (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)),
        *arguments.pose_topic])
    if not arguments.inputs_only:
        topics += output_topics(
            namespace, arguments.avatar_node, arguments.robot_node, arguments.command_topic)
    if arguments.with_meshes:
        topics += mesh_topics(namespace)
    return topics


class _Watch:
    """What is said of a recording, during it and at its end."""

    def __init__(self, recording: BagRecording, topics: list[RecordedTopic]) -> None:
        self._recording = recording
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
        """Record until the duration is over, a stop is asked, or the recording ends itself."""
        end_s = self._start_s + (float('inf') if duration_s is None else duration_s)
        while not must_stop.is_set() and (now_s := time.monotonic()) < end_s:
            until_s = min(end_s, now_s + _PERIOD_S)
            while (left_s := until_s - time.monotonic()) > 0.0 and not must_stop.is_set():
                executor.spin_once(timeout_sec=left_s)  # type: ignore[attr-defined]
            status = self._recording.status()
            if not status.is_recording:
                return
            self._warn_of_silence(status, time.monotonic())

    def report(self, status: RecordingStatus) -> int:
        """Print what was recorded and return the exit status."""
        if status.problem is not None:
            sys.stderr.write(f'motion_avatar record: {status.problem}\n')
        if not status.messages:
            sys.stderr.write(
                f'motion_avatar record: {self._nothing()}; no bag was written\n')
            return 1
        self.say(f'{self._recording.folder}: {status.size_bytes / 1e6:.1f} MB, '
                 f'{status.seconds:.0f} s')
        for name, count in status.counts.items():
            self.say(f'  {name}: {count} messages')
        if status.left_out:
            self.say(f"  left out: {status.left_out} messages of an avatar's or a robot's frames")
        if status.frames:
            self.say(f'  frames: {_named(status)}')
        if not self._has_samples(status):
            sys.stderr.write(f'motion_avatar record: {self._nothing()}: nothing to play\n')
            return 1
        return 0 if status.problem is None else 1

    def _has_samples(self, status: RecordingStatus) -> bool:
        return any(status.counts.get(name) for name in self._inputs)

    def _warn_of_silence(self, status: RecordingStatus, now_s: float) -> None:
        if not self._is_silent or now_s < self._next_warning_s:
            return
        self._next_warning_s = now_s + _NEXT_WARNING_S
        waits_for = [f'{name}_tracker' for name in TRACKER_NAMES]
        if not self._has_samples(status):
            self.say(f'{self._nothing()}; waiting for frames {", ".join(waits_for)}, or poses')
            return
        self._is_silent = False
        is_pose = any(status.counts.get(name) for name in self._inputs[1:])
        missing = [name for name in waits_for if name not in status.frames]
        if missing and not is_pose:
            self.say(
                f'no frame {", ".join(missing)} on {self._inputs[0]} (there are: '
                f'{_named(status)}); all of it is recorded, but avatar_node needs the names')

    def _nothing(self) -> str:
        seconds = time.monotonic() - self._start_s
        return f'nothing arrived in {seconds:.0f} s on {", ".join(self._inputs)}'


def _named(status: RecordingStatus) -> str:
    names = sorted(status.frames)
    more = len(names) - _NAMED_FRAMES
    return (', '.join(names[:_NAMED_FRAMES]) or 'none') + (
        f' and {more} more' if more > 0 else '')
