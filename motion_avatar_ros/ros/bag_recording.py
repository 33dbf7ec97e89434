# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One recording of topics to a bag, on a node that does other things as well.

Everything happens in the callbacks of the caller's node; `start`, `stop` and `status` belong to
the thread of its executor. Writing a message costs its callback less than 25 microseconds (p99);
a chunk of 1 MiB, which an avatar and its robot fill in 3 to 4 s, costs some 10 ms more, for it
is compressed and handed to the system's cache there. Only a disk that is slower than what comes
can hold the node up for longer.

What a disk refuses ends the recording, never the node; `status` says why. A nearly full disk
ends it while there is room to finish the bag: an unfinished MCAP file has no index to read by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
import shutil
import time

from rclpy.clock import Clock, ClockType
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.bag_reader import BagError
from motion_avatar_ros.ros.bag_writer import BagWriter
from motion_avatar_ros.ros.own_frames import own_frames
from motion_avatar_ros.ros.recorded_topics import RecordedTopic
from motion_avatar_ros.ros.topic_recorder import TopicRecorder

_PERIOD_S = 0.1
_LEAST_FREE_BYTES = 64_000_000


@dataclass(frozen=True)
class RecordingStatus:
    """
    How a recording is.

    Attributes:
        is_recording: whether it goes on.
        seconds: for how long it has, or had, been going on.
        size_bytes: of the bag on the disk; while recording up to 1 MiB behind.
        counts: messages by topic, in the order of their first ones.
        left_out: messages on /tf that hold nothing but frames to leave out.
        frames: child frames seen on /tf and /tf_static.
        problem: why it ended before it was stopped, or could not be finished; None if neither.
    """

    is_recording: bool
    seconds: float
    size_bytes: int
    counts: Mapping[str, int]
    left_out: int
    frames: frozenset[str]
    problem: str | None

    @property
    def messages(self) -> int:
        """Number of messages in the bag."""
        return sum(self.counts.values())


class BagRecording:
    """A recording that can be started once and stopped; a context manager that does both."""

    def __init__(
        self, node: Node, folder: str | Path, topics: Sequence[RecordedTopic],
        storage: str = 'mcap', left_out: Sequence[str] = own_frames(),
    ) -> None:
        """
        Prepare; nothing is written or subscribed before `start`.

        Args:
            node: subscribes; its executor is the caller's.
            folder: of the bag; must not exist when it starts.
            topics: to record (`recorded_topics`).
            storage: one of STORAGES.
            left_out: frames on /tf that begin so are left out (`own_frames`).
        """
        self._node = node
        self.folder = Path(folder)
        self._topics = tuple(topics)
        self._storage = storage
        self._left_out = tuple(left_out)
        self._writer: BagWriter | None = None
        self._recorder: TopicRecorder | None = None
        self._is_recording = False
        self._problem: str | None = None
        self._start_s = self._seconds = 0.0

    def __enter__(self) -> BagRecording:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """
        Make the bag and listen.

        Raises:
            BagError: the folder exists or cannot be made, or rosbags is not installed.
            MotionAvatarError: a topic's name is none, or tf2_msgs is not installed.
        """
        assert self._writer is None, 'a recording starts once'
        writer = BagWriter(self.folder, self._storage)
        try:
            self._recorder = TopicRecorder(
                self._node, writer, self._topics, self._left_out)
        except InvalidTopicNameException as error:
            writer.close()
            raise MotionAvatarError(' '.join(str(error).split())) from None
        except BaseException:
            writer.close()
            raise
        self._writer = writer
        self._is_recording = True
        self._start_s = time.monotonic()
        self._timer = self._node.create_timer(
            _PERIOD_S, self._serve, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def stop(self) -> RecordingStatus:
        """Finish the bag and say how it is; a bag without messages is removed."""
        self._end(None)
        return self.status()

    def status(self) -> RecordingStatus:
        """Return how the recording is."""
        recorder = self._recorder
        return RecordingStatus(
            is_recording=self._is_recording,
            seconds=time.monotonic() - self._start_s if self._is_recording else self._seconds,
            size_bytes=_size_bytes(self.folder) if self._writer is not None else 0,
            counts={} if self._writer is None else self._writer.counts,
            left_out=0 if recorder is None else recorder.left_out,
            frames=frozenset() if recorder is None else frozenset(recorder.frames),
            problem=self._problem,
        )

    def _serve(self) -> None:
        assert self._recorder is not None
        self._recorder.serve_best_effort()
        if self._recorder.error is not None:
            self._end(str(self._recorder.error))
            return
        free_bytes = _free_bytes(self.folder)
        if free_bytes is not None and free_bytes < _LEAST_FREE_BYTES:
            self._end(str(BagError(
                self.folder, f'recording ended, its disk has only {free_bytes / 1e6:.0f} MB left; '
                f'needed: {_LEAST_FREE_BYTES / 1e6:.0f} MB')))

    def _end(self, problem: str | None) -> None:
        if not self._is_recording:
            return
        assert self._writer is not None and self._recorder is not None
        self._is_recording = False
        self._seconds = time.monotonic() - self._start_s
        self._node.destroy_timer(self._timer)
        self._recorder.stop()
        if problem is None and self._recorder.error is not None:
            problem = str(self._recorder.error)
        try:
            self._writer.close()
        except BagError as error:
            problem = problem or str(error)
        self._problem = problem


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _size_bytes(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:  # removed, by us or by somebody else
        return 0
