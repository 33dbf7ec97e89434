# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The samples of a tracker that frames are also made without.

A frame waits for such a tracker until the required ones are one and a half of its intervals
past the frame (or of the frames', where those are longer). What has not come by then is lost:
from the first frame made without it the tracker has no pose, and none is waited for, up to its
next sample; nothing is interpolated across. Only stamps and the order of arrival decide, no
clock, so that a recording gives the same frames again.
"""

from __future__ import annotations

from motion_avatar_ros.trackers.sample import Sample
from motion_avatar_ros.trackers.track import Track

_WAIT = 1.5  # intervals
_LONGEST_WAIT_NS = 100_000_000  # whatever the interval of a slow tracker
_BEFORE_ALL_NS = -(1 << 62)


class OptionalTrack(Track):
    """A track that may be empty, end, and begin again at any time."""

    is_required = False

    def __init__(self, max_gap_ns: int, frame_ns: float) -> None:
        """
        Make an empty track, which nothing waits for.

        Args:
            max_gap_ns: longest time between two samples that is interpolated.
            frame_ns: time between two frames.
        """
        super().__init__(max_gap_ns)
        self._frame_ns = frame_ns
        self._is_awaited = False
        self._asked_ns = _BEFORE_ALL_NS
        self._lost_after_ns: int | None = None

    def append(self, sample: Sample) -> None:
        """Take a sample whose stamp is after all others'; frames wait for the next ones."""
        super().append(sample)
        if not self._is_awaited:
            # One that comes later than frames wait is of no use to any frame to come.
            self._is_awaited = self._asked_ns - sample.stamp_ns < self._wait_ns()

    def clear(self) -> None:
        """Forget all samples."""
        super().clear()
        self._is_awaited = False
        self._asked_ns = _BEFORE_ALL_NS
        self._lost_after_ns = None

    def is_settled(self, stamp_ns: int, required_ns: int) -> bool:
        """
        Whether a frame need not wait for this tracker any longer.

        Args:
            stamp_ns: of the frame.
            required_ns: up to where all required trackers have come.
        """
        return (
            not self._is_awaited or self.covers(stamp_ns)
            or required_ns - stamp_ns > self._wait_ns())

    def at(self, stamp_ns: int) -> Sample | None:
        """Return the pose at a stamp that is settled, or None where the tracker is lost."""
        self._asked_ns = stamp_ns
        if self.covers(stamp_ns):
            return super().at(stamp_ns)
        self._is_awaited = False
        if self._samples:
            self._lost_after_ns = self._samples[-1].stamp_ns
        return None

    def _is_joined(self, before: Sample, after: Sample) -> bool:
        return before.stamp_ns != self._lost_after_ns and super()._is_joined(before, after)

    def _wait_ns(self) -> float:
        return min(_WAIT * max(self.interval_ns or 0.0, self._frame_ns), _LONGEST_WAIT_NS)
