# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An upper limit on the rate of a stream that arrives with jitter."""

from __future__ import annotations

_EARLY = 0.5  # periods that one event may come before its time


class RateCap:
    """Admits events at no more than a rate on average, and all of a stream at that rate."""

    def __init__(self, rate_hz: float) -> None:
        self._period_s = 1.0 / rate_hz
        self._due_s = float('-inf')

    def admits(self, now_s: float) -> bool:
        """Say whether an event may pass now, and count it if so."""
        if now_s < self._due_s - _EARLY * self._period_s:
            return False
        # A late event does not delay the ones after it, but lateness is not saved up.
        self._due_s = max(self._due_s, now_s - self._period_s) + self._period_s
        return True
