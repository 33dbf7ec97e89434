# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rates and latencies over a sliding window, and their publication on /diagnostics."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rclpy.node import Node

#: Levels of a diagnostic status, as diagnostic_msgs/DiagnosticStatus numbers them.
OK, WARN, ERROR, STALE = range(4)

#: Returns level, one line, and values by key.
Check = Callable[[], tuple[int, str, Mapping[str, Any]]]


class RateMeter:
    """Events per second over the last `window_s`, on the steady clock; thread safe."""

    def __init__(self, window_s: float = 2.0) -> None:
        self._window_s = window_s
        self._times_s: deque[float] = deque(maxlen=4096)
        self._lock = threading.Lock()

    def tick(self, now_s: float | None = None) -> None:
        """Count one event."""
        with self._lock:
            self._times_s.append(time.monotonic() if now_s is None else now_s)

    def rate_hz(self, now_s: float | None = None) -> float:
        """Return the rate; it falls to 0 within the window once events stop."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            while self._times_s and self._times_s[0] < now_s - self._window_s:
                self._times_s.popleft()
            if len(self._times_s) < 2:
                return 0.0
            # Measured to now once the next event is overdue, so that a stop shows at once.
            mean_s = (self._times_s[-1] - self._times_s[0]) / (len(self._times_s) - 1)
            overdue_s = now_s - self._times_s[-1]
            span_s = self._times_s[-1] - self._times_s[0]
            if overdue_s > 2.0 * mean_s:
                span_s += overdue_s
            return (len(self._times_s) - 1) / span_s if span_s > 0.0 else 0.0


class LatencyMeter:
    """Percentiles of the last `capacity` durations; thread safe."""

    def __init__(self, capacity: int = 600) -> None:
        self._durations_s: deque[float] = deque(maxlen=capacity)
        self._lock = threading.Lock()

    def add(self, duration_s: float) -> None:
        """Record one duration."""
        with self._lock:
            self._durations_s.append(duration_s)

    def percentile_ms(self, percent: float) -> float | None:
        """Return a percentile [ms], or None when nothing was recorded."""
        return self._percentiles_ms(percent)[0]

    def values(self, name: str) -> dict[str, float | None]:
        """Return p50 and p99 under keys that begin with `name`."""
        p50_ms, p99_ms = self._percentiles_ms(50, 99)
        return {f'{name}_p50_ms': p50_ms, f'{name}_p99_ms': p99_ms}

    def _percentiles_ms(self, *percents: float) -> list[float | None]:
        """Interpolate as NumPy does; in a tenth of its time for so few, in which samples wait."""
        with self._lock:
            durations_s = list(self._durations_s)
        if not durations_s:
            return [None] * len(percents)
        durations_s.sort()
        found: list[float | None] = []
        for percent in percents:
            place, share = divmod(percent / 100.0 * (len(durations_s) - 1), 1.0)
            below_s, above_s = durations_s[int(place)], durations_s[min(
                int(place) + 1, len(durations_s) - 1)]
            found.append(1e3 * (below_s + share * (above_s - below_s)))
        return found


class DiagnosticsPublisher:
    """Publishes the status of one node on /diagnostics, once per period of the steady clock."""

    def __init__(self, node: Node, name: str, period_s: float = 1.0) -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from rclpy.clock import Clock, ClockType

        from motion_avatar_ros.ros.qos import DIAGNOSTICS

        self._node = node
        self._name = name
        self._checks: list[tuple[str, Check]] = []
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', DIAGNOSTICS)
        self._timer = node.create_timer(
            period_s, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def add(self, check: Check, name: str | None = None) -> None:
        """Add a status; it is published as 'node' or, with a name, 'node: name'."""
        self._checks.append((self._name if name is None else f'{self._name}: {name}', check))

    def publish(self) -> None:
        """Publish all statuses now."""
        from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        for name, check in self._checks:
            try:
                level, line, values = check()
            except Exception as error:  # what only tells must not end the node
                level, values = ERROR, {}
                line = f'cannot be told: {type(error).__name__}: {error}'
            message.status.append(DiagnosticStatus(
                level=bytes([level]), name=name, message=_plain(line),
                hardware_id=self._node.get_fully_qualified_name(),
                values=[KeyValue(key=key, value=_plain(_text(value)))
                        for key, value in values.items()],
            ))
        self._publisher.publish(message)

    def destroy(self) -> None:
        """Stop publishing."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)


def _plain(text: str) -> str:
    """Return a text that a message can hold: lone surrogates are no UTF-8."""
    return text.encode('utf-8', 'replace').decode('utf-8')


def _text(value: Any) -> str:
    if value is None:
        return 'none'
    return f'{value:.6g}' if isinstance(value, float) else str(value)
