# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How late each stage from tracker to robot was, from stamps and times of reception.

Times of reception are those of the one recorder of a bag, so that differences between them need
no clocks that agree; only ages, reception minus stamp, do. A frame is complete once every tracker
has a sample at or after its stamp: what a body was made of is thus found at any input rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from motion_avatar_ros.trackers.track import SIMULTANEOUS_NS

_REORDERED_NS = 1_000_000       # by which a recorder may get an effect before its cause
_SAME_CALL_NS = 100_000_000     # a command follows the states of its pose, or belongs to others
_NS_PER_MS = 1e6
_NS_PER_S = 1e9


@dataclass(frozen=True)
class Arrivals:
    """
    The messages of one stream, in the order of their reception.

    Attributes:
        stamps_ns: (N,) int64; 0 where a message has none.
        received_ns: (N,) int64.
    """

    stamps_ns: np.ndarray
    received_ns: np.ndarray

    def __len__(self) -> int:
        return len(self.received_ns)

    def ages_ms(self) -> np.ndarray:
        """Return reception minus stamp of each message (N,) [ms]."""
        return (self.received_ns - self.stamps_ns) / _NS_PER_MS

    def by_stamp(self) -> Arrivals:
        """Return them in the order of their stamps, the first to come of each stamp."""
        stamps_ns, first = np.unique(self.stamps_ns, return_index=True)
        return Arrivals(stamps_ns, self.received_ns[first])


@dataclass(frozen=True)
class Spread:
    """Percentiles and largest of some durations [ms], and how many there were."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    count: int


class Gap(NamedTuple):
    """A time without a message [ms], and when it began [s since the bag did]."""

    gap_ms: float
    at_s: float


def spread(durations_ms: np.ndarray) -> Spread | None:
    """Return the spread of durations (N,), None of none."""
    if not len(durations_ms):
        return None
    p50_ms, p99_ms, max_ms = np.percentile(durations_ms, (50, 99, 100)).tolist()
    return Spread(p50_ms, p99_ms, max_ms, len(durations_ms))


def lags_ms(effects: Arrivals, causes: Iterable[Arrivals]) -> np.ndarray:
    """
    Return how long after what they were made of messages came.

    Args:
        effects: one stream; those of which no cause came before are left out.
        causes: streams whose first message at or after an effect's stamp it was made of. A
            stream that has none that came before the effect does without (a lost hand).

    Returns:
        (M,) reception minus that of the last cause [ms].
    """
    complete_ns = np.full(len(effects), -1, dtype=np.int64)
    for stream in causes:
        ordered = stream.by_stamp()
        slots = np.searchsorted(ordered.stamps_ns, effects.stamps_ns - SIMULTANEOUS_NS)
        is_covered = slots < len(ordered)
        received_ns = np.full(len(effects), -1, dtype=np.int64)
        received_ns[is_covered] = ordered.received_ns[slots[is_covered]]
        is_cause = received_ns <= effects.received_ns + _REORDERED_NS
        complete_ns = np.where(is_cause, np.maximum(complete_ns, received_ns), complete_ns)
    is_found = complete_ns >= 0
    return (effects.received_ns - complete_ns)[is_found] / _NS_PER_MS


def lags_after_last_ms(effects: Arrivals, causes: Arrivals) -> np.ndarray:
    """Return how long after the last cause messages without stamps came (M,) [ms]."""
    if not len(causes):
        return np.empty(0)
    causes_ns = np.sort(causes.received_ns)
    slots = np.searchsorted(causes_ns, effects.received_ns + _REORDERED_NS, side='right') - 1
    lags_ns = (effects.received_ns - causes_ns[np.maximum(slots, 0)])[slots >= 0]
    return lags_ns[lags_ns < _SAME_CALL_NS] / _NS_PER_MS


def largest_gaps(received_ns: np.ndarray, begin_ns: int, count: int = 3) -> list[Gap]:
    """Return the longest times between two messages of a stream, longest first."""
    gaps_ns = np.diff(received_ns)
    return [Gap(float(gaps_ns[slot]) / _NS_PER_MS,
                float(received_ns[slot] - begin_ns) / _NS_PER_S)
            for slot in np.argsort(-gaps_ns, kind='stable')[:count]]


def largest_stage(stages: Mapping[str, Spread]) -> str | None:
    """Return the stage with the largest median, None without any."""
    return max(stages, key=lambda name: stages[name].p50_ms) if stages else None
