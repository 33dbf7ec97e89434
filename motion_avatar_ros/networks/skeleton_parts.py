# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The body at three levels: 22 joints, 12 parts of the skeleton, 7 parts of the body.

ScaleMoGen's ladder (arXiv 2605.11704): a part is made of neighbours, at every level parts form a
tree, and neighbouring parts may share a joint or a part of the level below.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from motion_avatar_ros.body.skeleton import JOINT_COUNT, PARENTS

#: Joints of each of the 12 parts: root, left hip and leg, right hip and leg, spine, chest, left
#: shoulder and arm, right shoulder and arm, head.
SKELETON_PARTS = (
    (0, 1, 2, 3), (0, 1, 4), (4, 7, 10), (0, 2, 5), (5, 8, 11), (0, 3, 6, 9),
    (6, 9, 12, 13, 14), (9, 13, 16), (16, 18, 20), (9, 14, 17), (17, 19, 21), (9, 12, 15))
#: Of these parts, those of each of the 7 parts of the body.
BODY_PARTS = (
    (0, 1, 3, 5), (0, 1, 2), (0, 3, 4), (0, 5, 6), (6, 7, 8), (6, 9, 10), (6, 11))
#: Their names.
BODY_PART_NAMES = (
    'root', 'left_leg', 'right_leg', 'spine', 'left_arm', 'right_arm', 'head')

#: Of each level joints or parts that are neighbours.
JOINT_EDGES = tuple(
    (parent, joint) for joint, parent in enumerate(PARENTS) if parent >= 0)
SKELETON_EDGES = (
    (0, 1), (1, 2), (0, 3), (3, 4), (0, 5), (5, 6), (6, 7), (7, 8), (6, 9), (9, 10), (6, 11))
BODY_EDGES = ((0, 1), (0, 2), (0, 3), (3, 4), (3, 5), (3, 6))

#: From coarse to fine; see `part_scales`.
WHOLE_BODY = ((0, 1, 2, 3, 4, 5, 6),)
TORSO_AND_LIMBS = ((0, 3), (1, 2, 4, 5, 6))
TORSO_LEGS_ARMS = ((0, 3), (1, 2), (4, 5, 6))
FIVE_GROUPS = ((0,), (3,), (1, 2), (4, 5), (6,))
EACH_PART = ((0,), (1,), (2,), (3,), (4,), (5,), (6,))


def membership(parts: Sequence[Sequence[int]], below: int) -> Tensor:
    """Return the matrix (parts, below), 1 where something of the level below is in a part."""
    matrix = torch.zeros(len(parts), below)
    for part, members in enumerate(parts):
        matrix[part, list(members)] = 1.0
    return matrix


def joints_of_body_parts() -> Tensor:
    """Return the matrix (7, 22), 1 where a joint is in a part of the body."""
    parts = membership(BODY_PARTS, len(SKELETON_PARTS))
    return ((parts @ membership(SKELETON_PARTS, JOINT_COUNT)) > 0.0).float()


def neighbour_means(edges: Sequence[tuple[int, int]]) -> Tensor:
    """Return the matrix (n, n) of means over each node of a tree and its neighbours."""
    count = len(edges) + 1
    matrix = torch.eye(count)
    for one, other in edges:
        matrix[one, other] = matrix[other, one] = 1.0
    return matrix / matrix.sum(dim=1, keepdim=True)
