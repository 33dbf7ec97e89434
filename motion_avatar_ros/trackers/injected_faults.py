# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What devices and networks do to trackers, on purpose: for tests, and to see what a setup does.

Faults come one after the other, at random times that the seed alone decides; between them
everything is as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from motion_avatar_ros.trackers.tracker_playback import TrackerFrame

#: Kinds of faults.
FAULT_KINDS = (
    'dropout', 'nan', 'zero_quaternion', 'teleport', 'swap', 'drift', 'half_rate', 'duplicate',
    'reorder', 'jitter', 'future', 'past', 'clock_step', 'stall')
_TELEPORT_M, _DRIFT_M_S = 2.0, 0.1
_FUTURE_NS = 2_000_000_000
_PAST_NS = 700_000_000
_CLOCK_STEP_NS = 3_000_000_000
_JITTER_S = 0.06


@dataclass(frozen=True)
class FaultSettings:
    """
    Which faults, and how often.

    Attributes:
        kinds: out of FAULT_KINDS; none for none.
        per_min: mean number of faults in a minute.
        longest_s: none lasts longer, all last 0.05 s.
        seed: of all randomness.
    """

    kinds: tuple[str, ...] = ()
    per_min: float = 6.0
    longest_s: float = 2.0
    seed: int = 0


@dataclass(frozen=True)
class DueFrame:
    """A frame, when it is to be sent and with which stamp, on the clock of the schedule."""

    due_ns: int
    stamp_ns: int
    frame: TrackerFrame


class FaultInjector:
    """Takes frames in their order, and returns what is sent instead."""

    def __init__(self, settings: FaultSettings, tracker_names: Sequence[str]) -> None:
        """Begin without a fault, for frames of these trackers."""
        self._settings = settings
        self._hands = [index for index, name in enumerate(tracker_names) if 'hand' in name]
        self._rng = np.random.default_rng(settings.seed)
        self._kind = ''
        self._start_ns = self._stop_ns = 0
        self._next_ns: int | None = None
        self._number = 0
        #: How many faults there were, by kind.
        self.counts: dict[str, int] = {}

    @property
    def kind(self) -> str:
        """The fault that goes on, or ''."""
        return self._kind

    def sent(self, frame: TrackerFrame, now_ns: int, stamp_ns: int) -> list[DueFrame]:
        """
        Return what to send for a frame that is due now.

        Args:
            frame: as it would be sent.
            now_ns: the time, on the clock of the schedule.
            stamp_ns: its stamp.
        """
        self._move_on(now_ns)
        self._number += 1
        kind, due_ns = self._kind, now_ns
        if kind in ('dropout', 'half_rate') and (kind == 'dropout' or self._number % 2):
            return []
        if kind == 'stall':
            due_ns = self._stop_ns
        elif kind == 'jitter':
            due_ns += int(self._rng.uniform(0.0, _JITTER_S) * 1e9)
        elif kind == 'reorder' and self._number % 2:
            due_ns += 25_000_000    # behind the frame that comes next
        stamp_ns += {'future': _FUTURE_NS, 'past': -_PAST_NS,
                     'clock_step': -_CLOCK_STEP_NS}.get(kind, 0)
        due = DueFrame(due_ns, stamp_ns, self._spoilt(frame, now_ns))
        return [due, due] if kind == 'duplicate' else [due]

    def _move_on(self, now_ns: int) -> None:
        settings = self._settings
        if not settings.kinds:
            return
        if self._next_ns is None:
            self._next_ns = now_ns + self._pause_ns()
        if self._kind and now_ns >= self._stop_ns:
            self._kind = ''
            self._next_ns = now_ns + self._pause_ns()
        if not self._kind and now_ns >= self._next_ns:
            self._kind = str(self._rng.choice(settings.kinds))
            self.counts[self._kind] = self.counts.get(self._kind, 0) + 1
            lasts_s = self._rng.uniform(min(0.05, settings.longest_s), settings.longest_s)
            self._start_ns, self._stop_ns = now_ns, now_ns + int(lasts_s * 1e9)

    def _pause_ns(self) -> int:
        return int(self._rng.exponential(60.0 / self._settings.per_min) * 1e9)

    def _spoilt(self, frame: TrackerFrame, now_ns: int) -> TrackerFrame:
        positions = frame.positions.copy()
        quaternions = frame.quaternions_xyzw.copy()
        which = int(self._rng.integers(len(positions)))
        if self._kind == 'nan':
            positions[which, int(self._rng.integers(3))] = np.nan
        elif self._kind == 'zero_quaternion':
            quaternions[which] = 0.0
        elif self._kind == 'teleport':
            positions[which] += self._rng.uniform(-_TELEPORT_M, _TELEPORT_M, 3)
        elif self._kind == 'drift':
            positions[:, 2] += _DRIFT_M_S * (now_ns - self._start_ns) * 1e-9
        elif self._kind == 'swap' and len(self._hands) == 2:
            left, right = self._hands
            for values in (positions, quaternions):
                values[[left, right]] = values[[right, left]]
        return replace(frame, positions=positions, quaternions_xyzw=quaternions)
