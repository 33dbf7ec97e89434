# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Skinning of many poses at once, by torch, on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.body.skinning import Skinner

_POSES_AT_ONCE = 64


class BatchSkinner:
    """Poses the mesh of a `Skinner`, with its correctives, as that does one by one."""

    def __init__(self, skinner: Skinner, device: str | torch.device = 'cpu') -> None:
        """Put the mesh on a device."""
        self._offsets_m = skinner.offsets_m
        self._device = torch.device(device)
        self._blocks = self._tensor(skinner.blocks)
        self._weights = self._tensor(skinner.mesh.dense_weights)
        self._blend = None if skinner.blend is None else self._tensor(skinner.blend)

    def skin(self, poses: BodyPose) -> Tensor:
        """Return the vertices (N, V, 3) float32 [m] in the world of N poses, on the device."""
        return torch.cat(list(self.batches(poses)))

    def batches(self, poses: BodyPose) -> Iterator[Tensor]:
        """Yield them a few at a time, for more poses than fit into memory."""
        for start in range(0, len(poses.root_position), _POSES_AT_ONCE):
            part = slice(start, start + _POSES_AT_ONCE)
            yield self._skin(BodyPose(poses.local_rotations[part], poses.root_position[part]))

    def _skin(self, poses: BodyPose) -> Tensor:
        rotations, positions = poses.global_joints(self._offsets_m)
        count = len(positions)
        moves = np.empty((count, JOINT_COUNT, 4, 3), dtype=np.float32)
        moves[:, :, :3] = rotations.swapaxes(-1, -2)
        # Positions relative to the pelvis keep single precision exact far from the origin.
        moves[:, :, 3] = positions - positions[:, :1]
        placed = self._tensor(moves)
        vertices = torch.einsum('vk,nkc->nvc', self._blocks, placed.reshape(
            count, 4 * JOINT_COUNT, 3))
        if self._blend is not None:
            bent = self._tensor(
                (poses.local_rotations[:, 1:] - np.eye(3)).reshape(count, -1))
            correctives = (bent @ self._blend.T).reshape(count, -1, 1, 3)
            turns = torch.einsum('vj,njk->nvk', self._weights, placed[:, :, :3].reshape(
                count, JOINT_COUNT, 9))
            vertices = vertices + (correctives @ turns.reshape(count, -1, 3, 3))[:, :, 0]
        return vertices + self._tensor(positions[:, :1])

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(
            np.ascontiguousarray(values, dtype=np.float32)).to(self._device)
