# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The rate of a stream of stamps, robust to jitter, bursts and lost samples.

Two medians: of the single intervals (a lost sample spoils one of them) and of the mean interval
over several samples (jitter and alternating short and long intervals cancel).
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from statistics import median

_WINDOW = 48  # intervals; 0.8 s at 60 Hz
_LAG = 8  # samples spanned by a mean interval
_ENOUGH = 5  # intervals for a first decision

_ENTER = 0.05  # native: within 5 % of the model's rate
_LEAVE = 0.08
_AGREEING = 4  # decisions in a row that change a standing one
_DECIDE_EVERY = 8  # samples between decisions once there is one


class InputRate:
    """The rate of one stream, from the stamps of its latest samples."""

    def __init__(self) -> None:
        self._stamps_ns: deque[int] = deque(maxlen=_WINDOW + 1)

    def add(self, stamp_ns: int) -> None:
        """Take the stamp of a sample; stamps must increase."""
        self._stamps_ns.append(stamp_ns)

    def clear(self) -> None:
        """Forget all stamps."""
        self._stamps_ns.clear()

    @property
    def rate_hz(self) -> float | None:
        """The rate; None before the second sample."""
        periods = self.periods_ns()
        return 1e9 / periods[-1] if periods else None

    def periods_ns(self) -> tuple[float, ...]:
        """Return the median interval and, once there are enough, the robust mean interval."""
        stamps = self._stamps_ns
        if len(stamps) < 2:
            return ()
        single = median(b - a for a, b in zip(stamps, islice(stamps, 1, None)))
        lag = min(_LAG, len(stamps) // 2) & ~1  # even: intervals may alternate
        if lag < 2:
            return (single,)
        spans = median(b - a for a, b in zip(stamps, islice(stamps, lag, None)))
        return (single, spans / lag)


class RateMode:
    """
    Whether the input's rate is the model's ("native"), decided once and then with hysteresis.

    `is_native` is None until five intervals are known: before that no decision would be sane.
    """

    def __init__(self, rate_hz: float):
        self._rate_hz = rate_hz
        self._input = InputRate()
        self._added = 0
        self._disagreeing = 0
        self.is_native: bool | None = None

    def add(self, stamp_ns: int, is_after_gap: bool) -> None:
        """Take the stamp of a sample; after a gap a standing decision is soon made anew."""
        if is_after_gap:
            self._input.clear()
            self._added = 0
            # One decision on the first few intervals is then enough to change the mode.
            self._disagreeing = _AGREEING - 1
        self._input.add(stamp_ns)
        self._added += 1
        intervals = self._added - 1
        if intervals == _ENOUGH or (intervals > _ENOUGH and intervals % _DECIDE_EVERY == 0):
            self._decide()

    def clear(self) -> None:
        """Forget the input and the decision."""
        self._input.clear()
        self._added = self._disagreeing = 0
        self.is_native = None

    def _decide(self) -> None:
        # The first decision is on few intervals: it leans to native.
        tolerance = _ENTER if self.is_native is False else _LEAVE
        looks_native = any(
            abs(1e9 / period - self._rate_hz) <= tolerance * self._rate_hz
            for period in self._input.periods_ns())
        if self.is_native is None:
            self.is_native = looks_native
        elif looks_native is self.is_native:
            self._disagreeing = 0
        else:
            self._disagreeing += 1
            if self._disagreeing >= _AGREEING:
                self.is_native = looks_native
                self._disagreeing = 0
