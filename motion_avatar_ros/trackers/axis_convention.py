# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From the axes that a source of poses uses to REP-103: x forward, y left, z up.

A source names its axes in two places: those of its world, and those of the device that it
reports. With W the signed permutation from its world to REP-103 and D the one from its device,
a position becomes W p and a rotation W R D^T. Where the source is left-handed (Unity), W and D
are mirrorings; W R D^T is a rotation nevertheless, and that of the quaternions of -W and -D,
which are rotations. A right-handed world with left-handed devices, or the other way round, is
no convention: R would have to be a mirroring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.pose_algebra import IDENTITY, Quaternion, Vector, compose

#: What an axis may be called.
AXIS_NAMES = ('x', 'y', 'z', '-x', '-y', '-z')
QUATERNION_ORDERS = ('xyzw', 'wxyz')

_SNAP = 1e-9  # entries of products of exact quaternions this near 0, 1/2, 1 are meant to be


class AxisConventionError(MotionAvatarError):
    """Axes that do not span a space, or a world and devices of different handedness."""


@dataclass(frozen=True)
class Axes:
    """
    Which axis of a frame points where.

    Attributes:
        forward, left, up: one of AXIS_NAMES each, of three different axes.
    """

    forward: str
    left: str
    up: str

    def __post_init__(self) -> None:
        """Check the names; AxisConventionError where they do not span a space."""
        names = (self.forward, self.left, self.up)
        for name in names:
            if name not in AXIS_NAMES:
                raise AxisConventionError(
                    f"'{name}' is no axis; allowed: {', '.join(AXIS_NAMES)}")
        if len({name.lstrip('-') for name in names}) != 3:
            raise AxisConventionError(
                f'forward {self.forward}, left {self.left}, up {self.up} are not perpendicular; '
                'allowed: x, y and z once each')

    @property
    def matrix(self) -> np.ndarray:
        """Return the signed permutation (3, 3) that maps vectors of the frame to REP-103."""
        rows = np.zeros((3, 3))
        for row, name in enumerate((self.forward, self.left, self.up)):
            rows[row, 'xyz'.index(name[-1])] = -1.0 if name[0] == '-' else 1.0
        return rows

    @property
    def is_right_handed(self) -> bool:
        """Return whether x, y, z of the frame are right-handed."""
        return bool(np.linalg.det(self.matrix) > 0.0)

    @property
    def proper_quaternion_xyzw(self) -> Quaternion:
        """Return the quaternion of `matrix`, or of its negative where that is the rotation."""
        sign = 1.0 if self.is_right_handed else -1.0
        x, y, z, w = quaternion_from_matrix(sign * self.matrix).tolist()
        return x, y, z, w


#: What this package works in.
REP_103 = Axes('x', 'y', 'z')


class AxisConvention:
    """How one device's poses are given; `pose` turns them into REP-103."""

    def __init__(
        self, world: Axes = REP_103, device: Axes = REP_103, quaternion_order: str = 'xyzw',
        metres_per_unit: float = 1.0,
    ) -> None:
        """
        Prepare the conversion.

        Args:
            world: axes of the world that poses are given in.
            device: axes of the device itself.
            quaternion_order: of the four numbers, out of QUATERNION_ORDERS.
            metres_per_unit: 0.001 for millimetres.

        Raises:
            AxisConventionError: world and device differ in handedness, or an unknown order.
        """
        if world.is_right_handed is not device.is_right_handed:
            def hand(axes: Axes) -> str:
                return 'right' if axes.is_right_handed else 'left'
            raise AxisConventionError(
                f'the world is {hand(world)}-handed and the device {hand(device)}-handed; '
                'allowed: the same for both')
        if quaternion_order not in QUATERNION_ORDERS:
            raise AxisConventionError(
                f"quaternion order '{quaternion_order}' is unknown; allowed: "
                f"{', '.join(QUATERNION_ORDERS)}")
        self.world = world
        self.device = device
        self.quaternion_order = quaternion_order
        self.metres_per_unit = metres_per_unit

        self._axes = [int(column) for column in np.abs(world.matrix).argmax(axis=1)]
        self._factors = [float(factor) for factor in world.matrix.sum(axis=1) * metres_per_unit]
        rows = _sandwich(world.proper_quaternion_xyzw, device.proper_quaternion_xyzw)
        if quaternion_order == 'wxyz':
            rows = rows[:, [3, 0, 1, 2]]
        self._rows = [tuple(float(entry) for entry in row) for row in rows]
        is_permutation = bool(np.isin(np.abs(rows), (0.0, 1.0)).all())
        self._parts = [int(column) for column in np.abs(rows).argmax(axis=1)]
        self._signs = [float(sign) for sign in rows.sum(axis=1)] if is_permutation else None
        self._is_rep_103 = (
            world == device == REP_103 and quaternion_order == 'xyzw' and metres_per_unit == 1.0)

    def pose(
        self, position: Sequence[float], quaternion: Sequence[float]
    ) -> tuple[Vector, Quaternion]:
        """
        Return a pose in REP-103.

        What is no pose (not finite, zero or not of unit length) stays as wrong as it is.

        Args:
            position: 3 plain floats in the source's units and world axes.
            quaternion: 4 plain floats in the source's order.

        Returns:
            Position [m] and quaternion xyzw.
        """
        if self._is_rep_103:
            return position, quaternion  # type: ignore[return-value]
        i, j, k = self._axes
        a, b, c = self._factors
        turned = a * position[i], b * position[j], c * position[k]
        if self._signs is not None:
            i, j, k, m = self._parts
            a, b, c, d = self._signs
            return turned, (
                a * quaternion[i], b * quaternion[j], c * quaternion[k], d * quaternion[m])
        p, q, r, s = quaternion
        x, y, z, w = [a * p + b * q + c * r + d * s for a, b, c, d in self._rows]
        return turned, (x, y, z, w)


def _sandwich(left: Quaternion, right: Quaternion) -> np.ndarray:
    """Return the matrix (4, 4) of q -> left q right^-1, quaternions xyzw."""
    inverse = (-right[0], -right[1], -right[2], right[3])
    columns = []
    for unit in np.eye(4).tolist():
        product = compose((IDENTITY[0], left), (IDENTITY[0], (unit[0], unit[1], unit[2], unit[3])))
        columns.append(compose(product, (IDENTITY[0], inverse))[1])
    matrix = np.array(columns).T
    halves = np.round(2.0 * matrix) / 2.0
    return np.where(np.abs(matrix - halves) < _SNAP, halves, matrix)
