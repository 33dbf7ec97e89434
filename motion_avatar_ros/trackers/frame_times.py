# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
At which stamps frames are made, and the frames that are complete.

Required trackers decide when there is a frame; the others only which poses are in it.

Native mode: the stamps of the head's samples. Grid mode: a grid at the model's rate, so that
the time between frames is always the one the model was trained with.
"""

from __future__ import annotations

import math

from motion_avatar_ros.trackers.input_rate import RateMode
from motion_avatar_ros.trackers.optional_track import OptionalTrack
from motion_avatar_ros.trackers.sample import Sample
from motion_avatar_ros.trackers.track import Track

#: The poses of all trackers at one stamp; None for one that is not there.
Frame = list[Sample | None]

_BEFORE_ALL_NS = -(1 << 62)


class FrameTimes:
    """Walks through time, frame by frame, as far as the required trackers have come."""

    def __init__(self, tracks: list[Track], rate_hz: float, max_gap_ns: int):
        """
        Start before the first sample.

        Args:
            tracks: of all trackers; the first is the head's and is required.
            rate_hz: the model's rate.
            max_gap_ns: longest time between two frames that belong together.
        """
        self._tracks = tracks
        self._required = [track for track in tracks if track.is_required]
        self._optional = [track for track in tracks if isinstance(track, OptionalTrack)]
        self._head = tracks[0]
        self._period_ns = 1e9 / rate_hz
        self._max_gap_ns = max_gap_ns
        self._mode = RateMode(rate_hz)
        self.clear()

    def clear(self) -> None:
        """Start over."""
        self._mode.clear()
        self._done_ns = _BEFORE_ALL_NS  # up to here every frame was made or cannot be
        self._last_frame_ns: int | None = None
        self._last_head_ns: int | None = None
        self._grid_start_ns: int | None = None

    def add_head(self, sample: Sample) -> None:
        """Take note of a head sample, of which the mode depends."""
        last_ns = self._last_head_ns
        is_after_gap = last_ns is not None and sample.stamp_ns - last_ns > self._max_gap_ns
        self._last_head_ns = sample.stamp_ns
        self._mode.add(sample.stamp_ns, is_after_gap)

    def complete_frames(self) -> tuple[list[Frame], bool, int]:
        """
        Return the frames that became complete since the last call.

        Returns:
            The frames, each with a pose per tracker; whether they do not continue the frames
            before; and how many frames that belonged to what was before are left out.
        """
        frames: list[Frame] = []
        is_restart = False
        dropped = 0
        while (stamp_ns := self._next_stamp_ns()) is not None:
            if not self._is_complete(stamp_ns):
                break
            frame = [track.at(stamp_ns) for track in self._tracks]
            self._done_ns = stamp_ns
            if None in frame and self._skip_gaps(frame):
                continue
            if self._is_restart(stamp_ns):
                is_restart = True
                dropped += len(frames)
                frames.clear()
            self._last_frame_ns = stamp_ns
            frames.append(frame)
        return frames, is_restart, dropped

    def _is_complete(self, stamp_ns: int) -> bool:
        for track in self._required:
            if not track.covers(stamp_ns):
                return False
        if not self._optional:
            return True
        required_ns = min(track.newest_ns or 0 for track in self._required)
        return all(track.is_settled(stamp_ns, required_ns) for track in self._optional)

    def _next_stamp_ns(self) -> int | None:
        if self._mode.is_native is None:
            return None
        return self._next_head_ns() if self._mode.is_native else self._next_on_grid_ns()

    def _next_head_ns(self) -> int | None:
        after_ns = self._done_ns
        if self._grid_start_ns is not None:
            # Coming from the grid: two frames must not be closer than half a period.
            after_ns += int(self._period_ns / 2)
        stamp_ns = self._head.next_stamp_ns(after_ns)
        if stamp_ns is not None:
            self._grid_start_ns = None
        return stamp_ns

    def _next_on_grid_ns(self) -> int | None:
        if self._grid_start_ns is None:
            if self._done_ns == _BEFORE_ALL_NS:
                first_ns = self._head.next_stamp_ns(_BEFORE_ALL_NS)
                if first_ns is None:
                    return None
                self._done_ns = first_ns - 1
                self._grid_start_ns = first_ns
            else:
                self._grid_start_ns = self._done_ns
        steps = math.floor((self._done_ns - self._grid_start_ns) / self._period_ns)
        stamp_ns = self._done_ns
        while stamp_ns <= self._done_ns:
            steps += 1
            stamp_ns = self._grid_start_ns + round(steps * self._period_ns)
        return stamp_ns

    def _skip_gaps(self, frame: Frame) -> bool:
        """Go on to where gaps of required trackers end; False when there is none."""
        is_gap = False
        stamp_ns = self._done_ns
        for track, pose in zip(self._tracks, frame):
            if pose is None and track.is_required:
                is_gap = True
                # A missing pose lies before a sample that is there.
                resumes_ns = track.next_stamp_ns(stamp_ns)
                if resumes_ns is not None:
                    self._done_ns = max(self._done_ns, resumes_ns - 1)
        return is_gap

    def _is_restart(self, stamp_ns: int) -> bool:
        last_ns = self._last_frame_ns
        if last_ns is None or stamp_ns - last_ns > self._max_gap_ns:
            return True
        return any(
            track.restart_ns is not None and track.restart_ns > last_ns
            for track in self._required)
