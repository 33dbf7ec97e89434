# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Upper-body poses of the built-in motion: standing, waving, squatting."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.rotations import matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_INDEX, MIRRORED_JOINT

#: Axis-angle [deg] in ROS axes. Joints of a side are given for the left one and mirrored.
_STANDING_DEG = {
    'spine1': (0.0, 1.0, 0.0), 'spine2': (0.0, -1.5, 0.0), 'spine3': (0.0, -2.0, 0.0),
    'neck': (0.0, -15.0, 0.0), 'head': (0.0, 21.0, 0.0),
    'left_shoulder': (-80.0, -4.0, 5.0), 'left_elbow': (-1.0, 14.5, -26.0),
    'left_wrist': (14.0, 15.0, 6.0),
}
_SQUATTING_DEG = {
    'spine1': (0.0, 30.0, 0.0), 'spine2': (0.0, 6.0, 0.0), 'spine3': (0.0, -9.0, 0.0),
    'neck': (0.0, -9.0, 0.0), 'head': (0.0, -15.0, 0.0),
    'left_shoulder': (-18.0, -34.0, -74.0), 'left_elbow': (-4.0, 16.0, -16.0),
    'left_wrist': (28.0, 18.0, -3.0),
}

_WAVES_PER_S = 1.5


def standing_rotations() -> dict[int, np.ndarray]:
    """Return local rotations (3, 3) in ROS axes by joint, arms hanging."""
    return _rotations(_STANDING_DEG)


def squatting_rotations() -> dict[int, np.ndarray]:
    """Return local rotations (3, 3) at the bottom of a squat, arms stretched ahead."""
    return _rotations(_SQUATTING_DEG)


def waving_rotations(times_s: np.ndarray) -> dict[int, np.ndarray]:
    """Return local rotations (T, 3, 3) of the right arm raised, its forearm swinging."""
    swing = np.sin(2.0 * np.pi * _WAVES_PER_S * times_s)
    zero = np.zeros_like(times_s)
    # Upper arm: turned about its own length so that the elbow bends upwards, then lowered a
    # little from the horizontal and brought ahead.
    shoulder = (
        _about(zero, zero, 24.0 + zero)
        @ _about(26.0 - 3.0 * swing, zero, zero)
        @ _about(zero, -82.0 + 5.0 * swing, zero))
    return {
        JOINT_INDEX['right_shoulder']: shoulder,
        JOINT_INDEX['right_elbow']: _about(zero, zero, 88.0 + 22.0 * swing),
        JOINT_INDEX['right_wrist']: _about(zero, zero, -4.0 + 10.0 * np.sin(
            2.0 * np.pi * _WAVES_PER_S * times_s - 0.7)),
        JOINT_INDEX['spine2']: _about(-1.5 + zero, -1.5 + zero, zero),
        JOINT_INDEX['spine3']: _about(-2.0 + zero, -2.0 + zero, -1.5 + zero),
        JOINT_INDEX['head']: _about(3.0 + zero, 19.0 + zero, -2.0 + zero),
    }


def _about(x_deg: np.ndarray, y_deg: np.ndarray, z_deg: np.ndarray) -> np.ndarray:
    return matrix_from_axis_angle(np.radians(np.stack((x_deg, y_deg, z_deg), axis=-1)))


def _rotations(axis_angles_deg: dict) -> dict[int, np.ndarray]:
    rotations = {}
    for name, degrees in axis_angles_deg.items():
        joint = JOINT_INDEX[name]
        rotations[joint] = matrix_from_axis_angle(np.radians(degrees))
        if MIRRORED_JOINT[joint] != joint:
            mirrored = np.radians(degrees) * [-1.0, 1.0, -1.0]
            rotations[MIRRORED_JOINT[joint]] = matrix_from_axis_angle(mirrored)
    return rotations
