# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Offsets that come and go without a jump."""

from __future__ import annotations

import numpy as np

#: How long an offset takes from what it was to what it is after its source came or went.
FADE_S = 0.3


class FadingOffsets:
    """For S streams and K sources: the offsets asked for, or fading to and from them."""

    def __init__(self, streams: int, sources: int, size: int, rate_hz: float) -> None:
        """Begin with all sources as if they had always been as they will first be."""
        self._step = 1.0 / (FADE_S * rate_hz)
        self._before = np.zeros((streams, sources, size))
        self._applied = np.zeros((streams, sources, size))
        self._progress = np.ones((streams, sources))
        self._was_there = np.zeros((streams, sources), dtype=bool)
        self._is_new = np.ones(streams, dtype=bool)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._is_new[slice(None) if stream is None else stream] = True

    def next(self, offsets: np.ndarray, is_there: np.ndarray) -> np.ndarray:
        """
        Return the offsets to apply to the next frame.

        Args:
            offsets: (S, K, size) asked for; anything where the source is absent, where it is 0.
            is_there: (S, K) whether the source is there.
        """
        offsets = np.where(is_there[..., None], offsets, 0.0)
        changed = (is_there != self._was_there) & ~self._is_new[:, None]
        self._before[changed] = self._applied[changed]
        self._progress[changed] = 0.0
        self._progress[self._is_new] = 1.0
        self._progress = np.minimum(self._progress + self._step, 1.0)
        share = (self._progress ** 2 * (3.0 - 2.0 * self._progress))[..., None]
        self._applied = self._before + share * (offsets - self._before)
        self._was_there = is_there
        self._is_new[:] = False
        return self._applied
