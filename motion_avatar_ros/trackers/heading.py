# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The heading of a head: its rotation about the vertical, continuous through nods and bows."""

from __future__ import annotations

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import Array, array_namespace

_UPSIDE_DOWN = 0.02  # w^2 + z^2 of the unit quaternion below which the heading is held

#: The columns of a rotation in ROS body axes, by the SMPL column they are.
_X, _Y = (int(row.argmax()) for row in ROS_FROM_SMPL[:2])


def heading_angles(head_rotations: Array, previous_rad: Array | float = 0.0) -> Array:
    """
    Return the headings of a stretch of head rotations, causally.

    The heading is the twist about the vertical (swing-twist decomposition). Unlike the
    direction of the gaze it stays defined when the head looks straight up or down; only near
    upside down, where no heading exists, the one before is held.

    Args:
        head_rotations: (..., T, 3, 3) in the z-up world, SMPL body axes.
        previous_rad: (...) or a number, the heading before the first frame [rad].

    Returns:
        (..., T) [rad], in [-pi, pi]; 0 faces along the world's x axis.
    """
    xp = array_namespace(head_rotations)
    # With the quaternion (w, x, y, z): 4 w z and 2 (w^2 - z^2), so that
    # atan2(sin, cos) = 2 atan2(z, w), the twist.
    sin = head_rotations[..., 1, _X] - head_rotations[..., 0, _Y]
    cos = head_rotations[..., 0, _X] + head_rotations[..., 1, _Y]
    headings = xp.arctan2(sin, cos)
    is_upside_down = xp.hypot(sin, cos) < 2.0 * _UPSIDE_DOWN
    if is_upside_down.any():
        for frame in range(headings.shape[-1]):
            before = headings[..., frame - 1] if frame else previous_rad
            held = before + xp.zeros_like(headings[..., frame])
            headings[..., frame] = xp.where(
                is_upside_down[..., frame], held, headings[..., frame])
    return headings
