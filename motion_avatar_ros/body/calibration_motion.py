# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Upper-body poses of an operator who is being calibrated: T-pose, arms down, head, arm circles.

Each step is held or repeated somewhat longer than a guide needs to see it.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.easing import glide, pulse
from motion_avatar_ros.body.euler import rotation_about
from motion_avatar_ros.body.rotations import matrix_from_axis_angle, slerp
from motion_avatar_ros.body.skeleton import JOINT_INDEX, MIRRORED_JOINT

#: Times from the beginning [s]: arms are up from .. to, the head moves, the arms circle.
_T_POSE_S = (0.1, 5.0)
_RAISING_S = 0.9
_NOD_S, _SHAKE_S = (8.0, 10.2), (10.2, 12.6)
_CIRCLES_S = (12.8, 19.2)
#: Length of the whole [s]; it begins and ends with hanging arms.
CALIBRATION_S = 19.3

_NODS, _NOD_RAD = 2, np.radians(20.0)
_SHAKES, _SHAKE_RAD = 2, np.radians(38.0)
_NECK_SHARE = 0.4  # of a turn of the head
_CIRCLES = 3
_CIRCLES_RAMP_S = 0.8
_SPEEDING_UP = 0.2  # part of the circles in which the arms get faster, and again slower
#: How far the stretched upper arm hangs from the horizontal, in front of the body and behind it.
_FRONT_RAD, _BACK_RAD = np.radians(72.0), np.radians(38.0)
_SHRUG_RAD = np.radians(9.0)
# Level and palm down with elbow and wrist as they are when the arm hangs: nobody's are straight.
_T_SHOULDER = matrix_from_axis_angle(np.radians([-4.4, -37.0, 9.3]))
_TWIST_RAD, _TWISTS = np.radians(35.0), 5


def calibration_rotations(
    times_s: np.ndarray, standing: dict[int, np.ndarray]
) -> dict[int, np.ndarray]:
    """
    Return local rotations (T, 3, 3) in ROS axes of the joints that take part.

    Args:
        times_s: (T,) from the beginning.
        standing: local rotations (3, 3) by joint of the pose in between.
    """
    raised = pulse(times_s, *_T_POSE_S, _RAISING_S, _RAISING_S)
    circling = pulse(times_s, *_CIRCLES_S, _CIRCLES_RAMP_S, _CIRCLES_RAMP_S)
    everywhere = np.broadcast_to(np.eye(3), (len(times_s), 3, 3))
    rotations = {}
    for name, circle in _circling_arm(times_s).items():
        joint = JOINT_INDEX[f'left_{name}']
        hanging = np.broadcast_to(standing.get(joint, np.eye(3)), everywhere.shape)
        level = _T_SHOULDER @ everywhere if name == 'shoulder' else hanging
        if name in ('elbow', 'wrist'):
            circle = circle @ hanging
        arm = slerp(slerp(hanging, level, raised), circle, circling)
        rotations[joint] = arm
        rotations[MIRRORED_JOINT[joint]] = _mirrored(arm)
    for name, share in (('neck', _NECK_SHARE), ('head', 1.0 - _NECK_SHARE)):
        joint = JOINT_INDEX[name]
        rotations[joint] = standing[joint] @ _head_turn(times_s, share)
    return rotations


def _head_turn(times_s: np.ndarray, share: float) -> np.ndarray:
    nod = _NOD_RAD * _swings(times_s, _NOD_S, _NODS)
    shake = _SHAKE_RAD * _swings(times_s, _SHAKE_S, _SHAKES)
    return rotation_about('z', share * shake) @ rotation_about('y', share * nod)


def _swings(times_s: np.ndarray, span_s: tuple[float, float], count: int) -> np.ndarray:
    """Return `count` swings to and fro (T), of amplitude 1, that fade in and out."""
    start_s, end_s = span_s
    phase = 2.0 * np.pi * count * (times_s - start_s) / (end_s - start_s)
    fade_s = 0.15 * (end_s - start_s)
    return np.sin(phase) * pulse(times_s, start_s, end_s, fade_s, fade_s)


def _circling_arm(times_s: np.ndarray) -> dict[str, np.ndarray]:
    """Return the left arm's rotations (T, 3, 3) while it circles to the front and up."""
    start_s, end_s = _CIRCLES_S
    around = 2.0 * np.pi * _CIRCLES * glide(
        (times_s - start_s) / (end_s - start_s), _SPEEDING_UP)
    # Behind its own shoulder an arm only gets up by the side.
    ahead = 0.5 + 0.5 * np.sin(around)
    down = _BACK_RAD + (_FRONT_RAD - _BACK_RAD) * ahead
    height = 0.5 - 0.5 * np.cos(around)
    twist = _TWIST_RAD * np.sin(
        2.0 * np.pi * _TWISTS * (times_s - start_s) / (end_s - start_s))
    return {
        'collar': rotation_about('x', _SHRUG_RAD * height),
        'shoulder': rotation_about('y', -around) @ rotation_about('x', -down),
        'elbow': np.broadcast_to(np.eye(3), (len(times_s), 3, 3)),
        'wrist': rotation_about('y', twist),
    }


def _mirrored(rotations: np.ndarray) -> np.ndarray:
    """Return rotations (..., 3, 3) of the left side in ROS axes as those of the right one."""
    mirror = np.diag([1.0, -1.0, 1.0])
    return mirror @ rotations @ mirror
