# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Exchange between SMPL body axes and ROS body axes (REP-103).

SMPL: x left, y up, z forward. ROS: x forward, y left, z up. They differ by the cyclic
permutation P; the world is z-up on both sides and is not touched.
"""

from __future__ import annotations

import numpy as np

#: Maps a vector in SMPL body axes to ROS body axes: v_ros = ROS_FROM_SMPL @ v_smpl.
ROS_FROM_SMPL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
ROS_FROM_SMPL.setflags(write=False)


def ros_local_rotations(local_rotations: np.ndarray) -> np.ndarray:
    """Turn SMPL local rotations (..., 22, 3, 3) into ROS axes: root R P^T, others P R P^T."""
    turned = local_rotations @ ROS_FROM_SMPL.T
    turned[..., 1:, :, :] = ROS_FROM_SMPL @ turned[..., 1:, :, :]
    return turned


def smpl_local_rotations(local_rotations: np.ndarray) -> np.ndarray:
    """Turn local rotations (..., 22, 3, 3) in ROS axes back into SMPL's."""
    turned = local_rotations @ ROS_FROM_SMPL
    turned[..., 1:, :, :] = ROS_FROM_SMPL.T @ turned[..., 1:, :, :]
    return turned


def ros_global_rotations(global_rotations: np.ndarray) -> np.ndarray:
    """Turn SMPL global rotations (..., 3, 3) into those of REP-103 body frames."""
    return global_rotations @ ROS_FROM_SMPL.T


def smpl_global_rotations(global_rotations: np.ndarray) -> np.ndarray:
    """Turn global rotations (..., 3, 3) of REP-103 body frames into SMPL's."""
    return global_rotations @ ROS_FROM_SMPL


def ros_offsets(offsets: np.ndarray) -> np.ndarray:
    """Turn rest offsets (..., 3) [m] in SMPL body axes into ROS body axes."""
    return offsets @ ROS_FROM_SMPL.T
