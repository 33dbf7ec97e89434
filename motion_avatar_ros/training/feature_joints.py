# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Joint positions of motion features, by forward kinematics of their rotations, for losses."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.rotations import matrix_from_6d
from motion_avatar_ros.body.skeleton import JOINT_COUNT, REST_OFFSETS_M
from motion_avatar_ros.generation.motion_features import HEIGHT, ROTATIONS, TILT


def joints_of_features(features: Tensor) -> Tensor:
    """
    Pose the skeleton from the rotations of features (..., 269), not from their positions.

    Returns:
        (..., 22, 3) [m] relative to the pelvis' ground point, in the heading frame.
    """
    rotations = matrix_from_6d(torch.cat(
        (features[..., TILT], features[..., ROTATIONS]), dim=-1).unflatten(-1, (JOINT_COUNT, 6)))
    height = features[..., HEIGHT]
    root = torch.cat((torch.zeros_like(height).expand(*height.shape[:-1], 2), height), dim=-1)
    return forward_kinematics(rotations, root, _offsets(features.device))[1]


@lru_cache
def _offsets(device: torch.device) -> Tensor:
    """Return the skeleton, on the device already: a CUDA graph cannot copy it there."""
    return torch.tensor(REST_OFFSETS_M, dtype=torch.float32, device=device)
