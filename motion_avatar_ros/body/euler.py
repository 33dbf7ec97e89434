# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Three-axis joint angles of rotations, on the branch nearest to the previous ones."""

from __future__ import annotations

import numpy as np

_AXIS = {'x': 0, 'y': 1, 'z': 2}
_GIMBAL = 1e-6  # |cos(middle angle)| below which the first angle is kept from before


def rotation_about(axis: str, angle_rad: np.ndarray) -> np.ndarray:
    """Return rotations (..., 3, 3) by (...) [rad] about one axis, 'x', 'y' or 'z'."""
    j, k = (_AXIS[axis] + 1) % 3, (_AXIS[axis] + 2) % 3
    matrix = np.zeros((*np.shape(angle_rad), 3, 3))
    matrix[..., _AXIS[axis], _AXIS[axis]] = 1.0
    matrix[..., j, j] = matrix[..., k, k] = np.cos(angle_rad)
    matrix[..., k, j] = np.sin(angle_rad)
    matrix[..., j, k] = -matrix[..., k, j]
    return matrix


def matrix_from_euler(order: str, angles_rad: np.ndarray) -> np.ndarray:
    """
    Compose a chain of three revolute joints.

    Args:
        order: three different axes, first joint of the chain first, such as 'yxz'.
        angles_rad: (..., 3) about the axes in that order.

    Returns:
        (..., 3, 3): R_first R_second R_third.
    """
    first, second, third = (
        rotation_about(axis, angles_rad[..., slot]) for slot, axis in enumerate(order))
    return first @ second @ third


def euler_from_matrix(order: str, matrix: np.ndarray, previous_rad: np.ndarray) -> np.ndarray:
    """
    Solve the chain's angles nearest to previous ones (whole turns are kept, none is wrapped).

    Args:
        order: as in `matrix_from_euler`.
        matrix: (..., 3, 3).
        previous_rad: (..., 3) angles of the message before.

    Returns:
        (..., 3) angles that compose to `matrix` exactly, also at gimbal lock.
    """
    i, j, k = (_AXIS[axis] for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    cos_middle = np.hypot(matrix[..., j, k], matrix[..., k, k])
    first = np.where(
        cos_middle > _GIMBAL,
        np.arctan2(-sign * matrix[..., j, k], matrix[..., k, k]),
        previous_rad[..., 0],
    )
    branches = [_solve_from_first(order, matrix, first + turn) for turn in (0.0, np.pi)]
    nearest = [b + 2 * np.pi * np.round((previous_rad - b) / (2 * np.pi)) for b in branches]
    distance = [np.abs(b - previous_rad).sum(axis=-1, keepdims=True) for b in nearest]
    return np.where(distance[0] <= distance[1], nearest[0], nearest[1])


def _solve_from_first(order: str, matrix: np.ndarray, first: np.ndarray) -> np.ndarray:
    i, j, k = (_AXIS[axis] for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    rest = rotation_about(order[0], -first) @ matrix  # = R_second R_third
    second = np.arctan2(sign * rest[..., i, k], rest[..., k, k])
    third = np.arctan2(sign * rest[..., j, i], rest[..., j, j])
    return np.stack((first, second, third), axis=-1)
