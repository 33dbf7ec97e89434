# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Poses between frames, for an output that is faster than the generators' 20 Hz."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, matrix_from_axis_angle, transpose,
)


class PoseSpline:
    """
    From the second of four poses to the third, on cubics that neighbours share the slopes of.

    Catmull-Rom, of rotations in the tangent space at the second pose.
    """

    def __init__(self, poses: BodyPose) -> None:
        """Take four poses of one motion, evenly spaced."""
        rotations, roots = poses.local_rotations, poses.root_position
        self._start = rotations[1]
        steps = axis_angle_from_matrix(transpose(rotations[:-1]) @ rotations[1:])
        self._turns = _coefficients(steps)
        self._root = roots[1]
        self._ways = _coefficients(np.diff(roots, axis=0))

    def at(self, share: float) -> BodyPose:
        """Return the pose at a share, 0 .. 1, of the way."""
        powers = np.array([share, share * share, share ** 3])
        return BodyPose(
            self._start @ matrix_from_axis_angle(np.tensordot(powers, self._turns, 1)),
            self._root + powers @ self._ways)


def _coefficients(steps: np.ndarray) -> np.ndarray:
    """Return what share, its square and cube are multiplied by, of three steps (3, ...)."""
    before, step, after = steps
    begin, end = 0.5 * (before + step), 0.5 * (step + after)
    return np.stack((begin, 3.0 * step - 2.0 * begin - end, begin + end - 2.0 * step))
