# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The dropouts of one tracker: times in which samples were due and none was accepted.

A dropout is a time between two accepted samples that is longer than two and a half of the
tracker's intervals (of the frames', where those are longer): at least two in a row are missing.
"""

from __future__ import annotations

from dataclasses import dataclass

_LOST = 2.5  # intervals


@dataclass(frozen=True)
class DropoutFigures:
    """
    The dropouts of a tracker so far; one that has not ended counts.

    Attributes:
        count: how many there were.
        last_s: how long the last one was, 0 without any.
        longest_s: how long the longest one was.
        total_s: all of them together.
        ongoing_s: how long the tracker has been gone by the stamps of the others; 0 while it
            is there, None before its first sample.
    """

    count: int
    last_s: float
    longest_s: float
    total_s: float
    ongoing_s: float | None


class DropoutCounter:
    """Counts the dropouts of one tracker."""

    def __init__(self, frame_ns: float, unknown_ns: float) -> None:
        """
        Start without any.

        Args:
            frame_ns: time between two frames.
            unknown_ns: longest time between samples of a tracker whose interval is not known.
        """
        self._frame_ns = frame_ns
        self._unknown_ns = unknown_ns
        self._last_stamp_ns: int | None = None
        self._count = 0
        self._last_ns = self._longest_ns = self._total_ns = 0

    def add(self, stamp_ns: int, interval_ns: float | None) -> None:
        """Take the stamp of an accepted sample and the tracker's usual interval."""
        last_ns = self._last_stamp_ns
        self._last_stamp_ns = stamp_ns
        if last_ns is not None and stamp_ns - last_ns > self._longest_wait_ns(interval_ns):
            self._count += 1
            self._last_ns = stamp_ns - last_ns
            self._longest_ns = max(self._longest_ns, self._last_ns)
            self._total_ns += self._last_ns

    def forget_last(self) -> None:
        """Join the next sample to none before it; the figures stay."""
        self._last_stamp_ns = None

    def figures(self, newest_ns: int | None, interval_ns: float | None) -> DropoutFigures:
        """
        Return the figures.

        Args:
            newest_ns: the newest stamp of any tracker.
            interval_ns: the tracker's usual interval.
        """
        ongoing_s = None
        count, last_ns = self._count, self._last_ns
        longest_ns, total_ns = self._longest_ns, self._total_ns
        if self._last_stamp_ns is not None and newest_ns is not None:
            gone_ns = newest_ns - self._last_stamp_ns
            ongoing_s = 0.0
            if gone_ns > self._longest_wait_ns(interval_ns):
                ongoing_s = gone_ns * 1e-9
                count += 1
                last_ns, longest_ns = gone_ns, max(longest_ns, gone_ns)
                total_ns += gone_ns
        return DropoutFigures(
            count, last_ns * 1e-9, longest_ns * 1e-9, total_ns * 1e-9, ongoing_s)

    def _longest_wait_ns(self, interval_ns: float | None) -> float:
        if interval_ns is None:
            return self._unknown_ns
        return _LOST * max(interval_ns, self._frame_ns)
