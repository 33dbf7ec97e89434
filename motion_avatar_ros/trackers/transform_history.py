# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The latest samples of one moving frame in its parent, and its pose between them."""

from __future__ import annotations

from bisect import bisect_left

from motion_avatar_ros.trackers.pose_algebra import Pose
from motion_avatar_ros.trackers.sample import Sample, interpolate

_TRIM_EVERY = 64  # samples
# So many samples in a row that are all too old mean that the newest one's stamp was wrong.
_TOO_OLD_TO_START_OVER = 10


class TransformHistory:
    """Samples of one frame, ordered by stamp, at most `duration_ns` long."""

    def __init__(self, duration_ns: int):
        self._duration_ns = duration_ns
        self._stamps_ns: list[int] = []
        self._samples: list[Sample] = []
        self._too_old = 0

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def oldest_ns(self) -> int:
        """Stamp of the oldest sample, of which there must be one."""
        return self._stamps_ns[0]

    @property
    def newest_ns(self) -> int:
        """Stamp of the newest sample, of which there must be one."""
        return self._stamps_ns[-1]

    def clear(self) -> None:
        """Forget all samples."""
        self._stamps_ns.clear()
        self._samples.clear()
        self._too_old = 0

    def add(self, sample: Sample) -> bool:
        """Take a sample; False when its stamp is known already or too old."""
        stamps, samples = self._stamps_ns, self._samples
        stamp_ns = sample.stamp_ns
        if not stamps or stamp_ns > stamps[-1]:
            stamps.append(stamp_ns)
            samples.append(sample)
            self._too_old = 0
            if len(stamps) % _TRIM_EVERY == 0:
                self._trim()
            return True
        if stamp_ns < stamps[-1] - self._duration_ns:
            self._too_old += 1
            if self._too_old < _TOO_OLD_TO_START_OVER:
                return False
            self.clear()
        index = bisect_left(stamps, stamp_ns)
        if index < len(stamps) and stamps[index] == stamp_ns:
            return False
        stamps.insert(index, stamp_ns)
        samples.insert(index, sample)
        return True

    def at(self, stamp_ns: int) -> Pose | None:
        """Return the pose at a stamp; None before the oldest and after the newest sample."""
        stamps, samples = self._stamps_ns, self._samples
        if not stamps or not stamps[0] <= stamp_ns <= stamps[-1]:
            return None
        index = bisect_left(stamps, stamp_ns)
        sample = samples[index]
        if sample.stamp_ns != stamp_ns:
            sample = interpolate(samples[index - 1], sample, stamp_ns)
        return sample.position_m, sample.quaternion_xyzw

    def _trim(self) -> None:
        kept_from = bisect_left(self._stamps_ns, self._stamps_ns[-1] - self._duration_ns)
        del self._stamps_ns[:kept_from]
        del self._samples[:kept_from]
