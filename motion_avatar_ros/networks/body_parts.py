# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The skeleton at three scales: 22 joints, 11 parts of two joints, 6 parts of the body.

The ladder of GUESS (Gao et al., TVCG 2024), by MAGE's authors: nested, and each of the 6 parts
holds at most one tracked joint of head and hands.
"""

from __future__ import annotations

import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import (
    rotation_6d_from_matrix, rotation_about_z, transpose,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_COUNT

#: Joints of each part, by number of parts.
PARTS = {
    6: ((15, 12), (9, 6, 3, 0), (13, 16, 18, 20), (14, 17, 19, 21), (1, 4, 7, 10), (2, 5, 8, 11)),
    11: ((15, 12), (9, 6), (3, 0), (13, 16), (18, 20), (14, 17), (19, 21), (1, 4), (7, 10),
         (2, 5), (8, 11)),
}
#: Numbers that describe a part: mean position [m] and mean 6D rotation.
PART_FEATURES = 9


def pooling_matrix(parts: int) -> Tensor:
    """Return the matrix (parts, 22) that averages joints over parts."""
    matrix = torch.zeros(parts, JOINT_COUNT)
    for row, joints in enumerate(PARTS[parts]):
        matrix[row, list(joints)] = 1.0 / len(joints)
    return matrix


def part_poses(
    global_rotations: Tensor, joint_positions: Tensor, headings: Tensor, pooling: Tensor
) -> Tensor:
    """
    Describe the parts of a body, seen from the head's heading frame.

    Local rotations have no mean along a chain; positions and global rotations do.

    Args:
        global_rotations: (..., 22, 3, 3) in the world.
        joint_positions: (..., 22, 3) [m] in the world.
        headings: (...) [rad] of the head.
        pooling: (parts, 22), see `pooling_matrix`.

    Returns:
        (..., parts, 9): mean position from the head [m], mean 6D rotation.
    """
    from_world = transpose(rotation_about_z(headings))[..., None, :, :]
    from_head = joint_positions - joint_positions[..., HEAD:HEAD + 1, :]
    each = torch.cat((
        (from_world @ from_head[..., None])[..., 0],
        rotation_6d_from_matrix(from_world @ global_rotations)), dim=-1)
    return pooling @ each
