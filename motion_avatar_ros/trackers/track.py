# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The accepted samples of one tracker that frames are still to be made of."""

from __future__ import annotations

from collections import deque

from motion_avatar_ros.trackers.input_rate import InputRate
from motion_avatar_ros.trackers.sample import Sample, interpolate

_CAPACITY = 1024  # samples kept while another tracker is silent; 17 s at 60 Hz
_INTERVAL_LASTS = 16  # samples after which the interval is looked at anew
_INTERVAL_SAMPLES = 6  # samples without which no interval is known

#: Stamps closer than this are one instant. Drivers that stamp each device as they read it put
#: them some microseconds apart, which must not cost a whole interval of latency.
SIMULTANEOUS_NS = 500_000


class Track:
    """Samples in the order of their stamps; they are let go as `at` moves on."""

    #: Whether there is no frame where this tracker has no pose.
    is_required = True

    def __init__(self, max_gap_ns: int):
        self._max_gap_ns = max_gap_ns
        self._samples: deque[Sample] = deque(maxlen=_CAPACITY)
        self._rate = InputRate()
        self._interval_ns: float | None = None
        self._since_interval = 0
        #: Stamp of the last sample that `at` passed and that nothing before may be joined to.
        self.restart_ns: int | None = None

    @property
    def rate_hz(self) -> float | None:
        """The rate of the samples by their stamps."""
        return self._rate.rate_hz

    @property
    def interval_ns(self) -> float | None:
        """The usual time between two samples; None before the sixth."""
        is_old = self._interval_ns is None or self._since_interval >= _INTERVAL_LASTS
        if is_old and self._since_interval >= _INTERVAL_SAMPLES:
            self._interval_ns = self._rate.periods_ns()[-1]
            self._since_interval = 0
        return self._interval_ns

    @property
    def newest_ns(self) -> int | None:
        """The stamp of the last sample that is still known."""
        return self._samples[-1].stamp_ns if self._samples else None

    def append(self, sample: Sample) -> None:
        """Take a sample whose stamp is after all others'."""
        if sample.is_restart and not self._samples:
            self.restart_ns = sample.stamp_ns
        self._samples.append(sample)
        self._rate.add(sample.stamp_ns)
        self._since_interval += 1

    def clear(self) -> None:
        """Forget all samples."""
        self._samples.clear()
        self._rate.clear()
        self._interval_ns = None
        self._since_interval = 0
        self.restart_ns = None

    def next_stamp_ns(self, after_ns: int) -> int | None:
        """Return the stamp of the first sample after a time; None when there is none yet."""
        for sample in self._samples:
            if sample.stamp_ns > after_ns:
                return sample.stamp_ns
        return None

    def covers(self, stamp_ns: int) -> bool:
        """Whether a sample at or after the stamp has come, so that `at` knows its answer."""
        samples = self._samples
        return bool(samples) and stamp_ns <= samples[-1].stamp_ns + SIMULTANEOUS_NS

    def at(self, stamp_ns: int) -> Sample | None:
        """
        Return the pose at a stamp that is covered, or None in a gap.

        Samples before the stamp are let go: stamps asked for must not decrease.
        """
        samples = self._samples
        while len(samples) > 1 and samples[1].stamp_ns <= stamp_ns:
            samples.popleft()
            if samples[0].is_restart:
                self.restart_ns = samples[0].stamp_ns
        before = samples[0]
        if before.stamp_ns > stamp_ns:
            return None
        if stamp_ns - before.stamp_ns <= SIMULTANEOUS_NS:
            # Also where the next one is there: when it came must not matter.
            return before._replace(stamp_ns=stamp_ns)
        after = samples[1]
        return interpolate(before, after, stamp_ns) if self._is_joined(before, after) else None

    def _is_joined(self, before: Sample, after: Sample) -> bool:
        return not after.is_restart and after.stamp_ns - before.stamp_ns <= self._max_gap_ns
