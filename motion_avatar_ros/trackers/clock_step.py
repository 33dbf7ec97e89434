# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Recognises a clock that was set back: a restarted simulation, a bag that loops.

Either the present itself goes back by more than a second, or the stamps of all trackers that
are alive do so for several samples; one tracker alone, or one sample, is not believed.
"""

from __future__ import annotations

from motion_avatar_ros.trackers.gate import Verdict
from motion_avatar_ros.trackers.sample import Sample

_STEP_NS = 1_000_000_000
_ALIVE_NS = 1_000_000_000
_PERSISTENT = 5  # samples in increasing order that are all before the step

_ACCEPTED, _OUT_OF_ORDER = Verdict.ACCEPTED, Verdict.OUT_OF_ORDER


class ClockStep:
    """Watches the present and the stamps of all trackers."""

    def __init__(self, tracker_names: tuple[str, ...]):
        self._names = tracker_names
        self.clear()

    def clear(self) -> None:
        """Forget everything seen."""
        self._now_ns: int | None = None
        self._seen_ns: dict[str, int] = {}
        self._behind: dict[str, tuple[int, int]] = {}  # how many in order, last stamp

    def is_now_back(self, now_ns: int) -> bool:
        """Whether the present went back by more than a second since the last call."""
        is_back = self._now_ns is not None and now_ns < self._now_ns - _STEP_NS
        if is_back:
            self.clear()
        self._now_ns = now_ns
        return is_back

    def is_stepped_back(
        self, tracker: str, stamp_ns: int, now_ns: int, verdict: Verdict, accepted: Sample | None,
    ) -> bool:
        """Whether, with this judged sample, the stamps of all trackers went back for good."""
        self._seen_ns[tracker] = now_ns
        if verdict is _ACCEPTED:
            self._behind.pop(tracker, None)
            return False
        if verdict is not _OUT_OF_ORDER or accepted is None:
            return False
        if accepted.stamp_ns - stamp_ns <= _STEP_NS:
            return False
        count, last_ns = self._behind.get(tracker, (0, stamp_ns - 1))
        self._behind[tracker] = (count + 1 if stamp_ns > last_ns else 1), stamp_ns
        if not all(self._is_behind(name, now_ns) for name in self._names):
            return False
        self._behind.clear()
        return True

    def _is_behind(self, tracker: str, now_ns: int) -> bool:
        seen_ns = self._seen_ns.get(tracker)
        if seen_ns is None or now_ns - seen_ns > _ALIVE_NS:
            return True
        return self._behind.get(tracker, (0, 0))[0] >= _PERSISTENT
