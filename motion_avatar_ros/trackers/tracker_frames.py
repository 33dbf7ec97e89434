# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From a stream of transforms to samples of the tracker frames in the fixed frame.

Only transforms between a tracker frame and the fixed frame matter; the pairs of frames of all
others are collected in `skipped_keys`, so that the reader can step over them. A tracker whose
frame is a child of the fixed frame is passed on as it is, bad numbers included: the gate judges
and counts them. With frames in between, a sample has the stamp of the moving frame nearest to
the tracker, and waits until the other frames have come as far.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping
import math

from motion_avatar_ros.trackers.frame_tree import FrameTree, NotYetError, TransformError, named
from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector
from motion_avatar_ros.trackers.transform_buffer import TransformBuffer, is_usable

#: Called with tracker, stamp [ns], position [m] and quaternion xyzw in the fixed frame.
OnSample = Callable[[str, int, Vector, Quaternion], object]

_MAX_WAITING = 64  # stamps per tracker that wait for other frames of the chain
# A transform of the far future would make all later ones of its frame too old for the buffer.
_MAX_AHEAD_NS = 1_000_000_000
_STEP_BACK_NS = 1_000_000_000
_MAX_SKIPPED_KEYS = 100_000
_NOT_A_POSITION = (math.nan, math.nan, math.nan)


class TrackerFrames:
    """The chains of frames of all trackers."""

    def __init__(
        self, frames: Mapping[str, str], fixed_frame: str, buffer: TransformBuffer,
        on_sample: OnSample,
    ):
        """
        Take note of the frames; nothing is known of them yet.

        Args:
            frames: of each tracker.
            fixed_frame: the frame that samples are passed on in.
            buffer: holds the transforms of chains with frames in between.
            on_sample: takes each sample.
        """
        self._frames = {tracker: frame.lstrip('/') for tracker, frame in frames.items()}
        self._fixed_frame = fixed_frame.lstrip('/')
        self._buffer = buffer
        self._on_sample = on_sample
        self._tree = FrameTree()
        self._static: set[str] = set()
        self._waiting: dict[str, list[int]] = {tracker: [] for tracker in frames}
        self._waits_for: dict[str, str] = {}
        self._now_ns = 0
        # For each frame that matters, the trackers whose samples wait for it.
        self._concerned: dict[str, list[str]] = {}
        # For each child of the fixed frame, the trackers that it is.
        self._direct: dict[str, list[str]] = {}
        # For each tracker with frames in between, the frame whose stamps it takes.
        self._timing: dict[str, str] = {}
        #: Keys of transforms that do not matter, for the reader.
        self.skipped_keys: set[bytes] = set()
        self._find_chains()

    def take(
        self, key: bytes, parent: str, child: str, stamp_ns: int, position_m: Vector,
        quaternion_xyzw: Quaternion, now_ns: int, is_static: bool = False,
    ) -> None:
        """
        Take one transform.

        Args:
            key: stands for the pair of frames in `skipped_keys`.
            parent, child: the frames.
            stamp_ns, position_m, quaternion_xyzw: of the child in the parent.
            now_ns: the present, of the same clock as the stamps.
            is_static: whether it came on /tf_static.
        """
        if now_ns < self._now_ns - _STEP_BACK_NS:
            self.clear()
        self._now_ns = now_ns
        if parent[:1] == '/' or child[:1] == '/':
            parent, child = parent.lstrip('/'), child.lstrip('/')
        if not parent or not child or parent == child:
            return
        is_news = self._tree.set_parent(child, parent) or (
            (child in self._static) is not is_static)
        if is_news:
            (self._static.add if is_static else self._static.discard)(child)
            self._find_chains()
        is_ahead = not is_static and stamp_ns > now_ns + _MAX_AHEAD_NS
        # News are kept also of a frame that does not matter: it may, once more are known.
        if is_static or is_news and not is_ahead:
            self._buffer.set_transform(
                parent, child, stamp_ns, position_m, quaternion_xyzw, is_static)
        if is_static:
            self._pass_on_waiting(self._concerned.get(child, ()))
            return
        concerned = self._concerned.get(child)
        if concerned is None:
            if len(self.skipped_keys) >= _MAX_SKIPPED_KEYS:
                self.skipped_keys.clear()
            self.skipped_keys.add(key)
            return
        for tracker in self._direct.get(child, ()):
            self._on_sample(tracker, stamp_ns, position_m, quaternion_xyzw)
        if concerned and not is_ahead:
            self._take_between(parent, child, stamp_ns, position_m, quaternion_xyzw, concerned)

    def missing_message(self, trackers: Iterable[str]) -> str:
        """Say in one line why nothing comes of these trackers, and which frames are known."""
        problems = [f'{tracker}: {self._problem(tracker)}' for tracker in trackers]
        return f"{'; '.join(problems)}; known frames: {named(self._tree.frames)}"

    def clear(self) -> None:
        """Forget all transforms that move, as after a step of the clock."""
        self._buffer.clear()
        for waiting in self._waiting.values():
            waiting.clear()
        self._waits_for.clear()

    def _take_between(
        self, parent: str, child: str, stamp_ns: int, position_m: Vector,
        quaternion_xyzw: Quaternion, concerned: list[str],
    ) -> None:
        usable = is_usable(position_m, quaternion_xyzw)
        if usable:
            self._buffer.set_transform(parent, child, stamp_ns, position_m, quaternion_xyzw)
        for tracker in concerned:
            if self._timing.get(tracker) != child:
                continue
            if usable:
                waiting = self._waiting[tracker]
                insort(waiting, stamp_ns)
                del waiting[:-_MAX_WAITING]
            else:
                # Its place in the fixed frame cannot be computed, but it is to be counted.
                self._on_sample(tracker, stamp_ns, _NOT_A_POSITION, quaternion_xyzw)
        if usable:
            self._pass_on_waiting(concerned)

    def _pass_on_waiting(self, trackers: Iterable[str]) -> None:
        for tracker in trackers:
            waiting = self._waiting[tracker]
            done = 0
            for stamp_ns in waiting:
                try:
                    position, quaternion, _ = self._buffer.lookup(
                        self._fixed_frame, self._frames[tracker], stamp_ns)
                except NotYetError as error:
                    self._waits_for[tracker] = str(error)
                    break
                except TransformError as error:
                    self._waits_for[tracker] = str(error).partition('; known frames')[0]
                else:
                    self._waits_for.pop(tracker, None)
                    self._on_sample(tracker, stamp_ns, position, quaternion)
                done += 1
            del waiting[:done]

    def _find_chains(self) -> None:
        before = self._concerned.keys()
        self._concerned, self._direct, self._timing = {}, {}, {}
        for tracker, frame in self._frames.items():
            # What else is said of the fixed frame, even a loop, does not matter to its children.
            if self._tree.ancestry(frame)[1:2] == [self._fixed_frame] and (
                    frame not in self._static):
                self._direct.setdefault(frame, []).append(tracker)
                self._concerned.setdefault(frame, [])
                continue
            if self._tree.problem(self._fixed_frame, frame) is not None:
                # What is known of the way is kept: the rest may come later.
                chain = self._tree.ancestry(frame) + self._tree.ancestry(self._fixed_frame)
            else:
                above_frame, above_fixed = self._tree.chain(self._fixed_frame, frame)
                chain = above_frame + above_fixed
                moving = [name for name in chain if name not in self._static]
                if moving:
                    self._timing[tracker] = moving[0]
            for name in chain:
                self._concerned.setdefault(name, []).append(tracker)
        if self._concerned.keys() != before:
            self.skipped_keys.clear()

    def _problem(self, tracker: str) -> str:
        frame = self._frames[tracker]
        problem = self._tree.problem(self._fixed_frame, frame)
        if problem is not None:
            return problem
        if tracker not in self._timing and frame not in self._direct:
            return f"all transforms from '{self._fixed_frame}' to frame '{frame}' are static"
        return self._waits_for.get(tracker, f"no new transform of frame '{frame}'")
