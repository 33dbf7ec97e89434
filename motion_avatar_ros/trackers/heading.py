# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The heading of a head: its rotation about the vertical, continuous through nods and bows."""

from __future__ import annotations

import numpy as np

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
    if xp is np:
        return _held(headings, is_upside_down, previous_rad) if is_upside_down.any() else headings
    # On a GPU the question would wait for the answer.
    return _held(headings, is_upside_down, previous_rad)


def _held(headings: Array, is_held: Array, before_rad: Array | float) -> Array:
    """Replace headings (..., T) by the newest before them that is not held."""
    xp = array_namespace(headings)
    before = (before_rad + xp.zeros_like(headings[..., 0]))[..., None]
    steps = xp.cumsum(xp.ones_like(is_held, dtype=xp.int64), -1) * ~is_held
    if xp is np:
        newest = np.maximum.accumulate(steps, axis=-1)
        return np.take_along_axis(np.concatenate((before, headings), axis=-1), newest, axis=-1)
    newest = xp.cummax(steps, -1).values
    return xp.take_along_dim(xp.cat((before, headings), -1), newest, -1)
