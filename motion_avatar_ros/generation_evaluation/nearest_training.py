# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether motion is remembered: how far its middle is from the nearest stretch of training motion.

Distances are those of joints under the same ground point and heading, over 1.6 s, so that a
replay of a recording from any frame of it has none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.generation.motion_features import POSITIONS

_FRAMES = 32
_EVERY = 4      # frames of a stretch that are compared
_OFFSETS = np.arange(0, _FRAMES, _EVERY)
_CM_PER_M = 100.0
_JOINTS = 21


class NearestTraining:
    """Finds the nearest stretch."""

    def __init__(self, features: Sequence[np.ndarray]) -> None:
        """Take training clips (T, 269), mirrored ones too; those below 32 frames are left out."""
        long = [each for each in features if len(each) >= _FRAMES]
        assert long, 'no training clip is long enough'
        self._frames = np.concatenate([each[:, POSITIONS] for each in long]).astype(np.float32)
        self._squares = (self._frames ** 2).sum(axis=1)
        ends = np.cumsum([len(each) for each in long])
        is_start = np.ones(len(self._frames), dtype=bool)
        for end in ends:
            is_start[end - _FRAMES + 1:end] = False
        self._starts = np.flatnonzero(is_start)

    def distance_cm(self, features: np.ndarray) -> float:
        """Return how far joints of a motion (T >= 32, 269) are from it, root mean square [cm]."""
        first = (len(features) - _FRAMES) // 2
        stretch = features[first + _OFFSETS, POSITIONS].astype(np.float32)
        off = np.zeros(len(self._starts), dtype=np.float32)
        for offset, frame in zip(_OFFSETS, stretch, strict=True):
            all_off = self._squares - 2.0 * (self._frames @ frame) + frame @ frame
            off += all_off[self._starts + offset]
        square = max(float(off.min()), 0.0) / (len(_OFFSETS) * _JOINTS)
        return float(_CM_PER_M * np.sqrt(square))
