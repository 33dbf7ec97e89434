# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rotations of numpy arrays and torch tensors alike, and their exchange with other forms.

A rotation is a matrix (..., 3, 3) that maps body axes to parent or world axes. Functions that
networks need take arrays of either kind and return the same kind; conversions at the edges
(axis-angle, quaternions xyzw) are numpy and leave the work to scipy.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

Array = Any  # numpy.ndarray or torch.Tensor, the same kind in and out

_EPSILON = 1e-8


def array_namespace(array: Array) -> Any:
    """Return the module, numpy or torch, whose functions work on `array`."""
    return np if isinstance(array, np.ndarray) else sys.modules['torch']


def matrix_from_6d(rotation_6d: Array) -> Array:
    """
    Decode 6D rotations by Gram-Schmidt (Zhou et al., CVPR 2019).

    Args:
        rotation_6d: (..., 6), first column then second column, of any non-zero length.

    Returns:
        (..., 3, 3) rotation matrices.
    """
    xp = array_namespace(rotation_6d)
    first, second = rotation_6d[..., :3], rotation_6d[..., 3:]
    x = first / _clipped_norm(xp, first)
    second = second - (x * second).sum(axis=-1, keepdims=True) * x
    y = second / _clipped_norm(xp, second)
    z = cross(x, y)
    return xp.stack((x, y, z), axis=-1)


def rotation_6d_from_matrix(matrix: Array) -> Array:
    """Encode rotations (..., 3, 3) as (..., 6): first column then second column."""
    xp = array_namespace(matrix)
    return xp.concatenate((matrix[..., :, 0], matrix[..., :, 1]), axis=-1)


def geodesic_angle(a: Array, b: Array) -> Array:
    """Return the angle (...) [rad] of the rotation between (..., 3, 3) and (..., 3, 3)."""
    xp = array_namespace(a)
    difference = a - b
    # |A - B|_F = 2 sqrt(2) sin(angle / 2): unlike the trace, exact for small angles too.
    chord = xp.sqrt((difference * difference).sum(axis=(-2, -1)) / 8.0)
    return 2.0 * xp.arcsin(xp.clip(chord, 0.0, 1.0))


def rotation_about_z(angle_rad: Array) -> Array:
    """Return the rotations (..., 3, 3) by (...) [rad] about the vertical axis."""
    xp = array_namespace(angle_rad)
    cos, sin = xp.cos(angle_rad), xp.sin(angle_rad)
    zero, one = xp.zeros_like(cos), xp.ones_like(cos)
    rows = (
        xp.stack((cos, -sin, zero), axis=-1),
        xp.stack((sin, cos, zero), axis=-1),
        xp.stack((zero, zero, one), axis=-1),
    )
    return xp.stack(rows, axis=-2)


def transpose(matrix: Array) -> Array:
    """Return the inverse of rotations (..., 3, 3)."""
    return matrix.swapaxes(-1, -2)


def apply(matrix: Array, vector: Array) -> Array:
    """Rotate vectors (..., 3) by (..., 3, 3)."""
    return (matrix @ vector[..., None])[..., 0]


def cross(a: Array, b: Array) -> Array:
    """Return the cross product of (..., 3) and (..., 3)."""
    xp = array_namespace(a)
    return xp.stack((
        a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1],
        a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2],
        a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0],
    ), axis=-1)


def matrix_from_vector(vector: Array) -> Array:
    """Convert (..., 3) rotation vectors [rad] to matrices (..., 3, 3) by Rodrigues' formula."""
    xp = array_namespace(vector)
    angle = _clipped_norm(xp, vector)
    axis = vector / angle
    cos, sin = xp.cos(angle)[..., None], xp.sin(angle)[..., None]
    zero = xp.zeros_like(axis[..., 0])
    x, y, z = axis[..., 0], axis[..., 1], axis[..., 2]
    across = xp.stack((zero, -z, y, z, zero, -x, -y, x, zero), axis=-1).reshape(
        *vector.shape, 3)
    along = axis[..., :, None] * axis[..., None, :]
    identity = xp.eye(3, dtype=vector.dtype, **({} if xp is np else {'device': vector.device}))
    return cos * identity + sin * across + (1.0 - cos) * along


def matrix_from_axis_angle(axis_angle: np.ndarray) -> np.ndarray:
    """Convert (..., 3) axis-angle vectors [rad] to matrices (..., 3, 3)."""
    flat = Rotation.from_rotvec(np.asarray(axis_angle, dtype=float).reshape(-1, 3))
    return flat.as_matrix().reshape(*axis_angle.shape[:-1], 3, 3)


def axis_angle_from_matrix(matrix: np.ndarray, is_orthonormal: bool = False) -> np.ndarray:
    """
    Convert matrices to axis-angle vectors.

    Args:
        matrix: (..., 3, 3).
        is_orthonormal: it is known to be, to a few digits: takes a fourth of the time.

    Returns:
        (..., 3) [rad].
    """
    flat = Rotation.from_matrix(matrix.reshape(-1, 3, 3), assume_valid=is_orthonormal)
    return flat.as_rotvec().reshape(matrix.shape[:-1])


def matrix_from_quaternion(quaternion_xyzw: np.ndarray) -> np.ndarray:
    """Convert unit quaternions (..., 4), xyzw, to matrices (..., 3, 3)."""
    flat = Rotation.from_quat(np.asarray(quaternion_xyzw, dtype=float).reshape(-1, 4))
    return flat.as_matrix().reshape(*np.shape(quaternion_xyzw)[:-1], 3, 3)


def quaternion_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """Convert matrices (..., 3, 3) to unit quaternions (..., 4), xyzw."""
    return Rotation.from_matrix(matrix.reshape(-1, 3, 3)).as_quat().reshape(
        *matrix.shape[:-2], 4)


def slerp(start: np.ndarray, end: np.ndarray, fraction: np.ndarray | float) -> np.ndarray:
    """
    Interpolate along the shortest arc.

    Args:
        start, end: rotations (..., 3, 3).
        fraction: (...) or a number, 0 at start and 1 at end.

    Returns:
        Rotations (..., 3, 3).
    """
    arc = axis_angle_from_matrix(transpose(start) @ end)
    return start @ matrix_from_axis_angle(arc * np.asarray(fraction)[..., None])


def _clipped_norm(xp: Any, vector: Array) -> Array:
    return xp.sqrt((vector * vector).sum(axis=-1, keepdims=True) + _EPSILON * _EPSILON)
