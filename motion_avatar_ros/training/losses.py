# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Losses on poses, of estimates whose head is anchored at the true one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.rotations import transpose
from motion_avatar_ros.body.skeleton import (
    HEAD, LEFT_WRIST, LOWER_JOINTS, RIGHT_WRIST, UPPER_JOINTS,
)
from motion_avatar_ros.training.motion_windows import WindowBatch

_SMALL_M = 1e-4


@dataclass(frozen=True)
class PoseLossWeights:
    """Weights of the terms; lengths in metres, rotations as matrix entries."""

    rotation: float = 1.0           # Local rotations of the 21 body joints, L1.
    root_rotation: float = 0.5      # Orientation of the pelvis in the world, L1.
    position: float = 8.0           # Joint positions, mean distance.
    hand_position: float = 4.0      # Wrists once more.
    velocity: float = 60.0          # Displacement over 1 frame, mean distance.
    velocity_3: float = 15.0        # Displacement over 3 frames.
    angular_velocity: float = 2.0   # Relative local rotation over 1 frame, L1.
    error: float = 0.02             # Of the predicted logarithm of the position error, L1.


def pose_losses(
    local_rotations: Tensor, log_error: Tensor, batch: WindowBatch
) -> tuple[dict[str, Tensor], Tensor]:
    """
    Compare estimates with the truth.

    Args:
        local_rotations: (B, T, 22, 3, 3), root in the world.
        log_error: (B, T, 2) predicted logarithm of the mean error [m], upper and lower body.
        batch: the truth.

    Returns:
        The terms of `PoseLossWeights` by name, and the distances (B, T, 22) [m].
    """
    truth = batch.local_rotations
    origin = torch.zeros_like(local_rotations[..., 0, :, 0])
    _, joints = forward_kinematics(local_rotations, origin, batch.offsets)
    joints = joints + (batch.joint_positions - joints)[..., HEAD:HEAD + 1, :]
    distance = _length(joints - batch.joint_positions)

    halves = [distance[..., list(half)].mean(-1) for half in (UPPER_JOINTS, LOWER_JOINTS)]
    true_log_error = torch.stack(halves, dim=-1).detach().clamp_min(1e-3).log()
    turn = transpose(local_rotations[:, :-1]) @ local_rotations[:, 1:]
    true_turn = transpose(truth[:, :-1]) @ truth[:, 1:]
    losses = {
        'rotation': (local_rotations - truth)[..., 1:, :, :].abs().mean(),
        'root_rotation': (local_rotations - truth)[..., 0, :, :].abs().mean(),
        'position': distance.mean(),
        'hand_position': distance[..., [LEFT_WRIST, RIGHT_WRIST]].mean(),
        'velocity': _displacement_error(joints, batch.joint_positions, 1),
        'velocity_3': _displacement_error(joints, batch.joint_positions, 3),
        'angular_velocity': (turn - true_turn).abs().mean(),
        'error': (log_error - true_log_error).abs().mean(),
    }
    return losses, distance.detach()


def _displacement_error(joints: Tensor, truth: Tensor, frames: int) -> Tensor:
    moved = joints[:, frames:] - joints[:, :-frames]
    return _length(moved - (truth[:, frames:] - truth[:, :-frames])).mean()


def _length(vector: Tensor) -> Tensor:
    return (vector.square().sum(dim=-1) + _SMALL_M * _SMALL_M).sqrt()
