# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Two-bone inverse kinematics of a leg, in closed form, with the knee as a hinge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import cross, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M

#: Knee flexion that a leg keeps when it is as straight as it may be: at the singularity
#: itself the knee's speed has no bound.
_LEAST_FLEXION_RAD = np.radians(6.0)


@dataclass(frozen=True)
class Leg:
    """
    Bones of one leg, SMPL axes; the knee's hinge is the body's x axis, which points left.

    Attributes:
        thigh: (3,) hip to knee [m] in the thigh's axes.
        shin: (3,) knee to ankle [m] in the shin's axes.
    """

    thigh: np.ndarray
    shin: np.ndarray

    @property
    def reach_m(self) -> float:
        """Return the longest distance from hip to ankle."""
        return float(np.linalg.norm(self._hip_to_ankle(np.array(self._straight_rad()
                                                                + _LEAST_FLEXION_RAD))))

    def bend(
        self, hip: np.ndarray, ankle: np.ndarray, hinge: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """
        Bend the leg so that it joins hip and ankle.

        An ankle out of reach gets a leg of `reach_m` that points at it.

        Args:
            hip, ankle: (T, 3) [m] in the world.
            hinge: (T, 3) wanted direction of the knee's axis (the body's left), in the world.

        Returns:
            Rotations of thigh and shin (T, 3, 3) in the world.
        """
        span = ankle - hip
        distance = np.linalg.norm(span, axis=-1, keepdims=True)
        flexion = self._flexion_rad(np.minimum(distance[:, 0], self.reach_m))
        in_thigh = self._hip_to_ankle(flexion)
        local = _frame(in_thigh, np.broadcast_to([1.0, 0.0, 0.0], in_thigh.shape))
        thigh = _frame(span, hinge) @ local.swapaxes(-1, -2)
        return thigh, thigh @ _about_hinge(flexion)

    def _hinge_terms(self) -> tuple[float, float, float]:
        a, b = self.thigh, self.shin
        return a[0] * b[0], a[1] * b[1] + a[2] * b[2], a[2] * b[1] - a[1] * b[2]

    def _straight_rad(self) -> float:
        _, cos_term, sin_term = self._hinge_terms()
        return float(np.arctan2(sin_term, cos_term))

    def _flexion_rad(self, distance_m: np.ndarray) -> np.ndarray:
        constant, cos_term, sin_term = self._hinge_terms()
        squares = self.thigh @ self.thigh + self.shin @ self.shin
        cos = (0.5 * (distance_m**2 - squares) - constant) / np.hypot(cos_term, sin_term)
        return self._straight_rad() + np.arccos(np.clip(cos, -1.0, 1.0))

    def _hip_to_ankle(self, flexion_rad: np.ndarray) -> np.ndarray:
        return self.thigh + _about_hinge(flexion_rad) @ self.shin


def _about_hinge(angle_rad: np.ndarray) -> np.ndarray:
    return matrix_from_axis_angle(angle_rad[..., None] * np.array([1.0, 0.0, 0.0]))


def _frame(first: np.ndarray, near_third: np.ndarray) -> np.ndarray:
    """Return orthonormal frames (T, 3, 3) with columns along `first` and near `near_third`."""
    x = first / np.linalg.norm(first, axis=-1, keepdims=True)
    z = near_third - (near_third * x).sum(axis=-1, keepdims=True) * x
    z = z / np.linalg.norm(z, axis=-1, keepdims=True)
    return np.stack((x, cross(z, x), z), axis=-1)


#: Left and right.
LEGS = tuple(
    Leg(REST_OFFSETS_M[JOINT_INDEX[f'{side}_knee']], REST_OFFSETS_M[JOINT_INDEX[f'{side}_ankle']])
    for side in ('left', 'right')
)
