# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The root's orientation in the world, and relative to the head's heading."""

from __future__ import annotations

import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import rotation_about_z, transpose


def root_in_world(local_rotations: Tensor, headings: Tensor) -> Tensor:
    """Return (..., 22, 3, 3) whose root was relative to headings (...) [rad]."""
    return _turned_root(local_rotations, rotation_about_z(headings))


def root_in_heading_frame(local_rotations: Tensor, headings: Tensor) -> Tensor:
    """Return (..., 22, 3, 3) whose root was in the world, relative to headings (...) [rad]."""
    return _turned_root(local_rotations, transpose(rotation_about_z(headings)))


def _turned_root(local_rotations: Tensor, turn: Tensor) -> Tensor:
    root = turn @ local_rotations[..., 0, :, :]
    return torch.cat((root[..., None, :, :], local_rotations[..., 1:, :, :]), dim=-3)
