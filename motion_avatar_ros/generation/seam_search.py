# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where in a motion to begin, so that it goes on as another one ends."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.generation.motion_features import POSITIONS, VELOCITIES

_FRAMES_AHEAD = 3.0     # a difference of speed counts as the way that it makes in so many
_FEET = 4.0             # joints of the legs count so many times
_LEGS = (1, 2, 4, 5, 7, 8, 10, 11)      # of 22 joints
_M2_PER_FRAME = 0.002   # square way of a joint that a frame left out must save


def best_seam(last: np.ndarray, features: np.ndarray, first: int, count: int) -> int:
    """
    Return the frame of a motion that is most like the last one of another.

    Args:
        last: (269,) features.
        features: (T, 269) of the motion.
        first: the earliest frame, which is taken where no other is clearly better.
        count: how many frames to choose from.
    """
    choice = features[first:first + max(count, 1)]
    weights = np.ones(22)
    weights[list(_LEGS)] = _FEET
    ways = ((choice[:, POSITIONS] - last[POSITIONS]).reshape(len(choice), -1, 3) ** 2).sum(-1)
    speeds = ((choice[:, VELOCITIES] - last[VELOCITIES]).reshape(len(choice), -1, 3) ** 2).sum(-1)
    cost = (ways @ weights[1:] + _FRAMES_AHEAD ** 2 * speeds @ weights) / weights.sum()
    return first + int(np.argmin(cost + _M2_PER_FRAME * np.arange(len(choice))))
