# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A hint that the two hand trackers are swapped; nothing is changed.

Seen from the head, the left hand of a swapped pair stays right of the right hand, also with the
arms apart. Arms that cross do that too, but not with the hands so far from each other.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.trackers.heading import heading_angles

_APART_M = 0.45  # folded arms put the hands at most at the other arm's elbow
_PERSISTS_S = 1.0
_MAX_GAP_S = 0.25


class SwapWatch:
    """Watches the frames and says when left and right look swapped."""

    def __init__(self) -> None:
        self._swapped_since_ns: int | None = None
        self._last_ns: int | None = None

    def update(
        self, stamps_ns: np.ndarray, rotations: np.ndarray, positions: np.ndarray,
    ) -> bool:
        """
        Take consecutive frames and say whether the hands have looked swapped for a second.

        Args:
            stamps_ns: (T,).
            rotations: (T, N, 3, 3) in the z-up world, SMPL body axes; head, left hand, right
                hand first.
            positions: (T, N, 3) [m] in the world.
        """
        headings = heading_angles(rotations[:, 0])
        from_right_to_left = positions[:, 1] - positions[:, 2]
        # The head's left is its x axis turned by a quarter about the vertical.
        leftward_m = (
            np.cos(headings) * from_right_to_left[:, 1]
            - np.sin(headings) * from_right_to_left[:, 0])
        is_long = False
        for stamp_ns, apart_m in zip(stamps_ns.tolist(), leftward_m.tolist()):
            is_gap = self._last_ns is not None and not (
                0 < stamp_ns - self._last_ns <= _MAX_GAP_S * 1e9)
            self._last_ns = stamp_ns
            if apart_m > -_APART_M:
                self._swapped_since_ns = None
                is_long = False
                continue
            if is_gap or self._swapped_since_ns is None:
                self._swapped_since_ns = stamp_ns
            is_long = stamp_ns - self._swapped_since_ns > _PERSISTS_S * 1e9
        return is_long
