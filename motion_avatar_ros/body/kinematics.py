# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Batched forward kinematics of the SMPL tree, for numpy arrays and torch tensors alike."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.rotations import Array, array_namespace
from motion_avatar_ros.body.skeleton import JOINT_COUNT, PARENTS

#: Joints of equal depth in the tree, consecutive in SMPL's order: one matrix product serves a
#: whole level, and a slice needs no index on a GPU.
_LEVELS = tuple(map(range, (1, 4, 7, 10, 15, 18, 20), (4, 7, 10, 15, 18, 20, JOINT_COUNT)))
_FEW = 64 * 9 * JOINT_COUNT  # numbers of so many poses: below, calls take the time
_LEVEL_PARENTS = tuple([PARENTS[joint] for joint in level] for level in _LEVELS)


def forward_kinematics(
    local_rotations: Array, root_position: Array, offsets: Array
) -> tuple[Array, Array]:
    """
    Pose the skeleton.

    Args:
        local_rotations: (..., 22, 3, 3) parent-relative, joint 0 = orientation in the world.
        root_position: (..., 3) of the pelvis joint [m], in the world.
        offsets: (22, 3) or (..., 22, 3) parent to joint [m], SMPL axes.

    Returns:
        Global rotations (..., 22, 3, 3) and joint positions (..., 22, 3) [m], in the world.
    """
    if isinstance(local_rotations, np.ndarray) and local_rotations.size < _FEW:
        return _of_numpy(local_rotations, root_position, np.asarray(offsets))
    xp = array_namespace(local_rotations)
    rotations: list[Array] = [None] * JOINT_COUNT
    positions: list[Array] = [None] * JOINT_COUNT
    rotations[0] = local_rotations[..., 0, :, :]
    positions[0] = root_position
    for level, parents in zip(_LEVELS, _LEVEL_PARENTS, strict=True):
        members = slice(level.start, level.stop)
        parent_rotations = xp.stack([rotations[p] for p in parents], axis=-3)
        parent_positions = xp.stack([positions[p] for p in parents], axis=-2)
        level_rotations = parent_rotations @ local_rotations[..., members, :, :]
        level_positions = parent_positions + (
            parent_rotations @ offsets[..., members, :, None])[..., 0]
        for slot, joint in enumerate(level):
            rotations[joint] = level_rotations[..., slot, :, :]
            positions[joint] = level_positions[..., slot, :]
    return xp.stack(rotations, axis=-3), xp.stack(positions, axis=-2)


def _of_numpy(
    local_rotations: np.ndarray, root_position: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """
    Pose the skeleton a few times with few calls.

    Rotation and offset of a joint are one matrix (3, 4), so that a level is one product.
    """
    shape = local_rotations.shape[:-2]
    local = np.empty((*shape, 3, 4), np.result_type(local_rotations, root_position, offsets))
    local[..., :3] = local_rotations
    local[..., 3] = offsets
    world = np.empty_like(local)
    world[..., 0, :, :3] = local_rotations[..., 0, :, :]
    world[..., 0, :, 3] = root_position
    for level, parents in zip(_LEVELS, _LEVEL_PARENTS, strict=True):
        members = slice(level.start, level.stop)
        parent = world[..., parents, :, :]
        joints = world[..., members, :, :]
        np.matmul(parent[..., :3], local[..., members, :, :], out=joints)
        joints[..., 3] += parent[..., 3]
    return np.ascontiguousarray(world[..., :3]), np.ascontiguousarray(world[..., 3])
