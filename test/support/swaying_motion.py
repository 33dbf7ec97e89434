# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Synthetic clips for tests that need motion and no meaning."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_COUNT


def swaying_motion(seed: int, frames: int, rate_hz: float = 60.0) -> Motion:
    """Return an upright body that walks off slowly while every joint sways."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(frames)[:, None, None] / rate_hz
    shape = (JOINT_COUNT, 3)
    turns = rng.normal(0.0, 0.4, shape) * np.sin(
        2.0 * np.pi * rng.uniform(0.3, 1.0, shape) * seconds + rng.uniform(0.0, 6.0, shape))
    rotations = Rotation.from_rotvec(turns.reshape(-1, 3)).as_matrix()
    rotations = rotations.reshape(frames, JOINT_COUNT, 3, 3)
    rotations[:, 0] = ROS_FROM_SMPL @ rotations[:, 0]
    root = np.array([0.0, 0.0, 0.95]) + np.arange(frames)[:, None] * [0.01, 0.002, 0.0]
    return Motion(BodyPose(rotations, root), rate_hz)
