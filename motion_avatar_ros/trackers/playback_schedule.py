# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When to play which frame: an absolute schedule, so that delays never add up."""

from __future__ import annotations

from fractions import Fraction

_NS_PER_S = 1_000_000_000
_CLOCK_STEP_NS = _NS_PER_S  # a clock that goes back farther was set anew (simulation reset)
#: A frame later than this is skipped. Until then it is played all the same, because a tracker
#: sample that comes late still tells where the tracker was at its time.
_MAX_LATE_NS = 100_000_000


class PlaybackSchedule:
    """Frame k is due at start + k / rate of a clock that the caller reads."""

    def __init__(self, rate_hz: float, start_ns: int) -> None:
        self._period_ns = _NS_PER_S / Fraction(rate_hz).limit_denominator(10_000)
        self._start_ns = start_ns
        self._next = 0
        self._last_now_ns = start_ns
        self.skipped = 0

    def take(self, now_ns: int) -> int | None:
        """Return the oldest frame that is due, not taken and not too late, or None."""
        if now_ns < self._last_now_ns - _CLOCK_STEP_NS:
            self._start_ns += now_ns - self._last_now_ns
        self._last_now_ns = now_ns
        newest = int((now_ns - self._start_ns) // self._period_ns)
        oldest = -int(-(now_ns - _MAX_LATE_NS - self._start_ns) // self._period_ns)
        number = max(self._next, min(oldest, newest))
        if newest < number:
            return None
        self.skipped += number - self._next
        self._next = number + 1
        return number

    def due_ns(self, number: int) -> int:
        """Return when a frame is due."""
        return self._start_ns + round(number * self._period_ns)

    def wait_s(self, now_ns: int) -> float:
        """Return the time until the next frame is due, 0 or more."""
        return max(0.0, (self.due_ns(self._next) - now_ns) / _NS_PER_S)
