# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From one motion into another without a jump: the new one, and what the old one differed by, fading.

At the seam the difference of place and of every rotation is taken, and how fast it changes. A
polynomial of fifth degree takes it to nothing from there (inertialisation, after Bollo, "Inertia-
lization", GDC 2018): the pose and its speed go on as they were, and only the new motion has to be
known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, matrix_from_axis_angle, transpose,
)

_FASTEST_RAD_S, _FASTEST_M_S = 8.0, 3.0     # of a difference: faster is noise at the seam


def faded(
    value: np.ndarray, rate: np.ndarray, elapsed_s: np.ndarray, duration_s: float
) -> np.ndarray:
    """
    Return what is left of offsets.

    Args:
        value, rate: (...) at the seam, and per second.
        elapsed_s: (T,) since the seam.
        duration_s: after so long nothing is left, nor of its first two derivatives.

    Returns:
        (T, ...).
    """
    s = np.clip(np.asarray(elapsed_s) / duration_s, 0.0, 1.0).reshape(
        -1, *[1] * np.ndim(value))
    of_value = 1.0 - s ** 3 * (10.0 + s * (6.0 * s - 15.0))
    of_rate = s * (1.0 - s * s * (6.0 + s * (3.0 * s - 8.0)))
    return value * of_value + rate * duration_s * of_rate


@dataclass(frozen=True)
class PoseOffset:
    """
    What one pose differs from another by, at a seam.

    Attributes:
        turns: (22, 3) [rad] rotation vectors, after the new rotations.
        turn_rates: (22, 3) [rad/s].
        way: (3,) [m], in the world.
        way_rate: (3,) [m/s].
    """

    turns: np.ndarray
    turn_rates: np.ndarray
    way: np.ndarray
    way_rate: np.ndarray

    def fading(
        self, poses: BodyPose, elapsed_s: np.ndarray, duration_s: float
    ) -> BodyPose:
        """Return T poses, so long after the seam (T,) [s], with what is left of the offset."""
        turns = faded(self.turns, self.turn_rates, elapsed_s, duration_s)
        ways = faded(self.way, self.way_rate, elapsed_s, duration_s)
        return BodyPose(
            poses.local_rotations @ matrix_from_axis_angle(turns), poses.root_position + ways)


def offset_between(old: BodyPose, new: BodyPose, rate_hz: float) -> PoseOffset:
    """
    Return what the old motion differs from the new one by.

    Args:
        old, new: two poses of each, the one before the seam and the one at it.
        rate_hz: frames per second.
    """
    turns = axis_angle_from_matrix(transpose(new.local_rotations) @ old.local_rotations)
    ways = old.root_position - new.root_position
    return PoseOffset(
        turns[1], _limited((turns[1] - turns[0]) * rate_hz, _FASTEST_RAD_S),
        ways[1], _limited((ways[1] - ways[0]) * rate_hz, _FASTEST_M_S))


def _limited(rates: np.ndarray, most: float) -> np.ndarray:
    size = np.linalg.norm(rates, axis=-1, keepdims=True)
    return rates * np.minimum(1.0, most / np.maximum(size, 1e-9))
