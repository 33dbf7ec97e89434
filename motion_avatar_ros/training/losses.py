# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Losses on poses, of estimates whose head is anchored at the true one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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
        local_rotations: (..., B, T, 22, 3, 3), root in the world.
        log_error: (..., B, T, 2) predicted logarithm of the mean error [m], upper and lower body.
        batch: the truth.

    Returns:
        The terms of `PoseLossWeights` by name, and the distances (..., B, T, 22) [m].
    """
    truth = batch.local_rotations
    origin = torch.zeros_like(local_rotations[..., 0, :, 0])
    _, joints = forward_kinematics(local_rotations, origin, batch.offsets)
    off = joints - batch.joint_positions
    off = off - off[..., HEAD:HEAD + 1, :]
    distance = _length(off)
    difference = local_rotations - truth

    halves = [
        distance.index_select(-1, _joint_index(half, distance.device)).mean(-1)
        for half in (UPPER_JOINTS, LOWER_JOINTS)]
    true_log_error = torch.stack(halves, dim=-1).detach().clamp_min(1e-3).log()
    losses = {
        'rotation': difference[..., 1:, :, :].abs().mean(),
        'root_rotation': difference[..., 0, :, :].abs().mean(),
        'position': distance.mean(),
        'hand_position': distance[..., LEFT_WRIST:RIGHT_WRIST + 1].mean(),
        'velocity': _displacement_error(off, 1),
        'velocity_3': _displacement_error(off, 3),
        'angular_velocity': (_turns(local_rotations) - _turns(truth)).abs().mean(),
        'error': (log_error - true_log_error).abs().mean(),
    }
    return losses, distance.detach()


def weighted_sum(
    terms: Mapping[str, Tensor], weights: Any
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of terms, by a dataclass of their weights, and the terms for the log."""
    total = sum(getattr(weights, name) * value for name, value in terms.items())
    return total, {name: value.detach() for name, value in terms.items()}


@lru_cache
def _joint_index(joints: tuple[int, ...], device: torch.device) -> Tensor:
    """Return an index that is on the device already: a CUDA graph cannot copy it there."""
    return torch.tensor(joints, device=device)


def _displacement_error(off: Tensor, frames: int) -> Tensor:
    """Return how far errors (..., T, 22, 3) move over some frames."""
    return _length(off[..., frames:, :, :] - off[..., :-frames, :, :]).mean()


def _turns(rotations: Tensor) -> Tensor:
    """Return the rotations from each frame to the next, (..., T - 1, 22, 3, 3)."""
    return transpose(rotations[..., :-1, :, :, :]) @ rotations[..., 1:, :, :, :]


def _length(vector: Tensor) -> Tensor:
    return (vector.square().sum(dim=-1) + _SMALL_M * _SMALL_M).sqrt()
