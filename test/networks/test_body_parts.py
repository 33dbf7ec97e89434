# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The ladder of 22 joints, 11 and 6 parts is nested and sees bodies from the head."""

import math

import pytest
import torch

from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.body.skeleton import JOINT_COUNT, TRACKED_JOINTS
from motion_avatar_ros.networks.body_parts import PARTS, part_poses, pooling_matrix


@pytest.mark.parametrize('parts', [6, 11])
def test_every_joint_is_in_one_part(parts):
    assert sorted(joint for part in PARTS[parts] for joint in part) == list(range(JOINT_COUNT))
    torch.testing.assert_close(pooling_matrix(parts).sum(dim=1), torch.ones(parts))


def test_partition_is_nested_and_a_part_holds_one_tracked_joint_at_most():
    for part in PARTS[6]:
        inside = [small for small in PARTS[11] if set(small) <= set(part)]
        assert sorted(joint for small in inside for joint in small) == sorted(part)
        assert len(set(part) & set(TRACKED_JOINTS)) <= 1


def test_place_and_facing_in_the_room_do_not_matter():
    random = torch.Generator().manual_seed(0)
    rotations = torch.linalg.qr(torch.randn(4, JOINT_COUNT, 3, 3, generator=random))[0]
    positions = torch.randn(4, JOINT_COUNT, 3, generator=random)
    headings = torch.randn(4, generator=random)
    pooling = pooling_matrix(6)
    here = part_poses(rotations, positions, headings, pooling)
    assert here.shape == (4, 6, 9)
    turn = rotation_about_z(torch.tensor(math.pi / 3.0))
    there = part_poses(
        turn @ rotations, positions @ turn.T + torch.tensor([5.0, -2.0, 0.0]),
        headings + math.pi / 3.0, pooling)
    torch.testing.assert_close(here, there, atol=1e-5, rtol=1e-5)
