# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The clock of a device at the other end of a link, as time of the local steady clock.

Exchanges as in NTP tell the offset: a question leaves at one local time, the answer carries the
remote time and comes in at another. The remote time was read somewhere between the two, so that
each exchange gives the offset to within half its round trip, however unequal the two ways are.
The exchange with the tightest bound counts, and its age widens the bound by what two quartz
clocks may drift apart; over minutes that drift itself is measured and taken out.

An exchange that contradicts the others by more than both bounds proves that a clock was stepped
(a headset that slept): all before it is forgotten. Otherwise corrections are worked in slowly.
Time that was handed out never goes backwards and never lies ahead of the present.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

#: How far two clocks may drift apart before that was measured, and after [s/s].
DRIFT_LIMIT, MEASURED_DRIFT_LIMIT = 100e-6, 20e-6
_WINDOW_S = 20.0  # of the exchanges that the offset is taken from
_SEGMENT_S = 5.0  # the tightest exchange of each is kept for the drift
_SEGMENTS = 36
_DRIFT_SPAN_S = 30.0  # of segments before drift is measured
_SLEW = 0.05  # correction per elapsed time: stamps keep their order and nearly their distance
_RESOLUTION_S = 0.002  # of a remote clock; browsers coarsen theirs
_NS_PER_S = 1_000_000_000
_MS_PER_S = 1000.0


class _Exchange(NamedTuple):
    """Remote time [s], offset local - remote [s] and half the round trip [s]."""

    remote_s: float
    offset_s: float
    half_s: float


class RemoteClock:
    """Maps remote milliseconds to local nanoseconds."""

    def __init__(self) -> None:
        #: How often a step of a clock was recognised.
        self.steps = 0
        self._last_ns: int | None = None
        self._last_rtt_s: float | None = None
        self._forget()

    def _forget(self) -> None:
        self._window: deque[_Exchange] = deque()
        self._segments: deque[_Exchange] = deque(maxlen=_SEGMENTS)
        self._drift: float | None = None
        self._applied_s: float | None = None
        self._applied_at_s = 0.0
        self._error_s: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether any exchange has told the offset."""
        return bool(self._window)

    @property
    def rtt_s(self) -> float | None:
        """Round trip of the newest exchange [s]."""
        return self._last_rtt_s

    @property
    def error_s(self) -> float | None:
        """
        Bound of the error at the newest exchange [s].

        Half a round trip, drift, and what was not yet worked in. Any thread may ask.
        """
        return self._error_s

    def _present_error_s(self) -> float:
        now_s = self._window[-1].remote_s
        best = self._tightest(now_s)
        lag_s = 0.0 if self._applied_s is None else self._applied_s - self._offset_s(best, now_s)
        return self._bound_s(best, now_s) + abs(lag_s)

    @property
    def drift_ppm(self) -> float | None:
        """How much faster the local clock runs [1e-6], or None before it was measured."""
        return None if self._drift is None else 1e6 * self._drift

    def add(self, sent_ns: int, remote_ms: float, received_ns: int) -> bool:
        """
        Learn from one exchange.

        Args:
            sent_ns, received_ns: local steady times of question and answer.
            remote_ms: the remote clock when it answered.

        Returns:
            False for an exchange that cannot be: answered before it was asked.
        """
        if received_ns < sent_ns:
            return False
        remote_s = remote_ms / _MS_PER_S
        half_s = 0.5 * (received_ns - sent_ns) / _NS_PER_S
        new = _Exchange(remote_s, sent_ns / _NS_PER_S + half_s - remote_s, half_s)
        if self._window:
            best = self._tightest(remote_s)
            allowed_s = half_s + self._bound_s(best, remote_s) + _RESOLUTION_S
            if abs(new.offset_s - self._offset_s(best, remote_s)) > allowed_s:
                self._forget()
                self.steps += 1
        self._last_rtt_s = 2.0 * half_s
        self._keep(new)
        self._error_s = self._present_error_s()
        return True

    def local_ns(self, remote_ms: float, now_ns: int) -> int | None:
        """
        Return a remote time as local steady time.

        Args:
            remote_ms: times in increasing order; for an older one the last answer is given.
            now_ns: the present, which the answer does not exceed.

        Returns:
            Nanoseconds, or None while the offset is unknown.
        """
        if not self._window:
            return None
        remote_s = remote_ms / _MS_PER_S
        wanted_s = self._offset_s(self._tightest(remote_s), remote_s)
        if self._applied_s is None:
            self._applied_s, self._applied_at_s = wanted_s, remote_s
        elapsed_s = max(remote_s - self._applied_at_s, 0.0)
        step_s = wanted_s - self._applied_s
        self._applied_s += min(max(step_s, -_SLEW * elapsed_s), _SLEW * elapsed_s)
        self._applied_at_s = max(remote_s, self._applied_at_s)
        mapped_ns = min(round((remote_s + self._applied_s) * _NS_PER_S), now_ns)
        if self._last_ns is not None:
            mapped_ns = max(mapped_ns, self._last_ns)
        self._last_ns = mapped_ns
        return mapped_ns

    def _keep(self, new: _Exchange) -> None:
        self._window.append(new)
        while new.remote_s - self._window[0].remote_s > _WINDOW_S:
            self._window.popleft()
        is_same_segment = self._segments and (
            new.remote_s // _SEGMENT_S == self._segments[-1].remote_s // _SEGMENT_S)
        if not is_same_segment:
            self._segments.append(new)
            self._drift = self._measured_drift()
        elif new.half_s < self._segments[-1].half_s:
            self._segments[-1] = new

    def _tightest(self, at_s: float) -> _Exchange:
        return min(self._window, key=lambda exchange: self._bound_s(exchange, at_s))

    def _bound_s(self, exchange: _Exchange, at_s: float) -> float:
        limit = DRIFT_LIMIT if self._drift is None else MEASURED_DRIFT_LIMIT
        return exchange.half_s + limit * abs(at_s - exchange.remote_s)

    def _offset_s(self, exchange: _Exchange, at_s: float) -> float:
        return exchange.offset_s + (self._drift or 0.0) * (at_s - exchange.remote_s)

    def _measured_drift(self) -> float | None:
        """Fit a line through the segments, each weighted by its bound; None when too loose."""
        span_s = self._segments[-1].remote_s - self._segments[0].remote_s
        if span_s < _DRIFT_SPAN_S:
            return None
        start_s = self._segments[0].remote_s
        weights = [1.0 / (e.half_s + 1e-4) ** 2 for e in self._segments]
        total = sum(weights)
        mean_t = sum(w * (e.remote_s - start_s) for w, e in zip(weights, self._segments)) / total
        mean_o = sum(w * e.offset_s for w, e in zip(weights, self._segments)) / total
        spread = sum(
            w * (e.remote_s - start_s - mean_t) ** 2 for w, e in zip(weights, self._segments))
        slope = sum(
            w * (e.remote_s - start_s - mean_t) * (e.offset_s - mean_o)
            for w, e in zip(weights, self._segments)) / spread
        if spread ** -0.5 > MEASURED_DRIFT_LIMIT:
            return None
        return min(max(slope, -DRIFT_LIMIT), DRIFT_LIMIT)
