# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Motion as generators learn it: one row of 269 numbers per frame at 20 Hz, and back without loss.

| values | what | |
|---|---|---|
| 1 | `YAW_VELOCITY` | turn of the heading to the next frame [rad] |
| 2 | `PLANAR_VELOCITY` | way of the pelvis to the next frame in the heading frame [m] |
| 1 | `HEIGHT` | of the pelvis above the floor [m] |
| 6 | `TILT` | orientation of the pelvis with the heading taken off, 6D |
| 126 | `ROTATIONS` | local rotations of the 21 other joints, 6D |
| 63 | `POSITIONS` | of these joints from the pelvis' ground point, in the heading frame [m] |
| 66 | `VELOCITIES` | of all 22 joints to the next frame, in the heading frame [m] |
| 4 | `CONTACTS` | left ankle and toe, right ankle and toe stand: 0 or 1 |

As HumanML3D's 263 (Guo et al., CVPR 2022), but z-up and with SMPL's own rotations, those of the
pelvis among them, in place of rotations fitted to positions. The first 136 decide the motion; the
others are for losses and evaluators. Rows say where the next frame is; the last one repeats it.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    apply, matrix_from_6d, rotation_6d_from_matrix, rotation_about_z, transpose,
)
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX, PELVIS
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.heading import heading_angles

FRAME_RATE_HZ = 20.0
YAW_VELOCITY = slice(0, 1)
PLANAR_VELOCITY = slice(1, 3)
HEIGHT = slice(3, 4)
TILT = slice(4, 10)
ROTATIONS = slice(10, 136)
POSITIONS = slice(136, 199)
VELOCITIES = slice(199, 265)
CONTACTS = slice(265, 269)
#: What the motion is made of again.
CORE = slice(0, 136)
WIDTH = 269

_FEET = [JOINT_INDEX[name] for name in (
    'left_ankle', 'left_foot', 'right_ankle', 'right_foot')]
_STANDING_M = 0.002 ** 0.5      # way of a foot that stands in a frame, as HumanML3D has it
_FEWEST_FRAMES = 2


class MotionFeaturesError(MotionAvatarError):
    """Features, or a motion, that are not what they should be."""


def features_from_motion(motion: Motion, floor_m: float | None = None) -> np.ndarray:
    """Return the features (T, 269) of a motion as float32, see `exact_features`."""
    return exact_features(motion, floor_m).astype(np.float32)


def exact_features(motion: Motion, floor_m: float | None = None) -> np.ndarray:
    """
    Return the features (T, 269), float64, of a motion.

    The motion is brought to 20 Hz, to a floor at z = 0 under its lowest toe, and to a start at
    x = y = 0 that faces along x: where it was in the room is not in the features.

    Args:
        motion: of any rate.
        floor_m: height of a toe that stands, where it is known; None takes the lowest toe's.

    Raises:
        MotionFeaturesError: shorter than two frames at 20 Hz.
    """
    motion = motion.resampled(FRAME_RATE_HZ)
    if len(motion) < _FEWEST_FRAMES:
        raise MotionFeaturesError(f'{len(motion)} frames at 20 Hz are no motion')
    poses = motion.poses
    _, joints = poses.global_joints()
    joints = joints - [0.0, 0.0, joints[:, _FEET, 2].min() if floor_m is None else floor_m]
    pelvis, root = joints[:, PELVIS], poses.local_rotations[:, PELVIS]
    headings = np.unwrap(heading_angles(root))
    into_heading = transpose(rotation_about_z(headings))

    velocities = apply(into_heading[:-1, None], np.diff(joints, axis=0))
    relative = joints[:, 1:] - pelvis[:, None] * [1.0, 1.0, 0.0]
    steps = np.linalg.norm(np.diff(joints[:, _FEET], axis=0), axis=-1)
    count = len(motion)
    columns = (
        _continued(np.diff(headings)[:, None]),
        _continued(velocities[:, PELVIS, :2]),
        pelvis[:, 2:],
        rotation_6d_from_matrix(into_heading @ root),
        rotation_6d_from_matrix(poses.local_rotations[:, 1:]).reshape(count, -1),
        apply(into_heading[:, None], relative).reshape(count, -1),
        _continued(velocities.reshape(count - 1, -1)),
        _continued(steps < _STANDING_M),
    )
    return np.concatenate(columns, axis=1)


def motion_from_features(features: np.ndarray) -> Motion:
    """
    Return the motion at 20 Hz of features (T, >= 136), of which the first 136 are read.

    It starts at x = y = 0 and faces along x.

    Raises:
        MotionFeaturesError: the shape is another, or values are not finite.
    """
    if features.ndim != 2 or features.shape[1] < CORE.stop or not len(features):
        raise MotionFeaturesError(f'features are (T, {WIDTH}), not {features.shape}')
    values = features[:, CORE].astype(float)
    if not np.isfinite(values).all():
        raise MotionFeaturesError('features are not finite')
    headings = _summed(values[:, YAW_VELOCITY])[:, 0]
    from_heading = rotation_about_z(headings)
    steps = np.pad(values[:, PLANAR_VELOCITY], ((0, 0), (0, 1)))
    root_position = _summed(apply(from_heading, steps))
    root_position[:, 2] = values[:, HEIGHT][:, 0]
    local = matrix_from_6d(
        values[:, TILT.start:ROTATIONS.stop].reshape(-1, JOINT_COUNT, 6))
    local[:, PELVIS] = from_heading @ local[:, PELVIS]
    return Motion(BodyPose(local, root_position), FRAME_RATE_HZ)


def _continued(differences: np.ndarray) -> np.ndarray:
    """Return differences to the next frame (T - 1, ...) with the last once more."""
    return np.concatenate((differences, differences[-1:])).astype(float)


def _summed(differences: np.ndarray) -> np.ndarray:
    """Return where differences to the next frame (T, n) lead from zero."""
    return np.concatenate((np.zeros_like(differences[:1]), np.cumsum(differences[:-1], axis=0)))
