# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Single poses as plain floats: a position (x, y, z) [m] and a unit quaternion xyzw.

For one 3-vector or quaternion at a time plain floats are several times faster than arrays.
"""

from __future__ import annotations

import math

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Pose = tuple[Vector, Quaternion]

IDENTITY: Pose = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)

_NEARLY_PARALLEL = 0.9999  # cosine of half the angle above which slerp equals lerp


def compose(outer: Pose, inner: Pose) -> Pose:
    """Return the pose, in the outer pose's parent, of what `inner` is in the outer frame."""
    (px, py, pz), (ax, ay, az, aw) = outer
    (vx, vy, vz), (bx, by, bz, bw) = inner
    # v + 2 w (q x v) + 2 q x (q x v)
    cx, cy, cz = ay * vz - az * vy, az * vx - ax * vz, ax * vy - ay * vx
    position = (
        px + vx + 2.0 * (aw * cx + ay * cz - az * cy),
        py + vy + 2.0 * (aw * cy + az * cx - ax * cz),
        pz + vz + 2.0 * (aw * cz + ax * cy - ay * cx),
    )
    quaternion = (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )
    return position, quaternion


def inverse(pose: Pose) -> Pose:
    """Return the pose of the parent in the frame that `pose` is the pose of."""
    (x, y, z), (qx, qy, qz, qw) = pose
    conjugate = (-qx, -qy, -qz, qw)
    return compose(((0.0, 0.0, 0.0), conjugate), ((-x, -y, -z), IDENTITY[1]))


def slerp(start: Quaternion, end: Quaternion, fraction: float) -> Quaternion:
    """Interpolate unit quaternions along the shortest arc; q and -q are the same rotation."""
    ax, ay, az, aw = start
    bx, by, bz, bw = end
    cosine = ax * bx + ay * by + az * bz + aw * bw
    weight_end = fraction
    if cosine < 0.0:
        cosine, bx, by, bz, bw = -cosine, -bx, -by, -bz, -bw
    weight_start = 1.0 - fraction
    if cosine < _NEARLY_PARALLEL:
        angle = math.acos(cosine)
        scale = 1.0 / math.sin(angle)
        weight_start = math.sin(weight_start * angle) * scale
        weight_end = math.sin(fraction * angle) * scale
    x = weight_start * ax + weight_end * bx
    y = weight_start * ay + weight_end * by
    z = weight_start * az + weight_end * bz
    w = weight_start * aw + weight_end * bw
    scale = 1.0 / math.sqrt(x * x + y * y + z * z + w * w)
    return (x * scale, y * scale, z * scale, w * scale)


def angle_between(a: Quaternion, b: Quaternion) -> float:
    """Return the angle [rad], 0 to pi, between the rotations of two unit quaternions."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    cosine = abs(ax * bx + ay * by + az * bz + aw * bw)
    return 2.0 * math.acos(cosine) if cosine < 1.0 else 0.0
