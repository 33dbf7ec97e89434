# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Forward kinematics: numpy and torch agree with each other and with a plain loop."""

import numpy as np
from scipy.spatial.transform import Rotation
import torch

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.skeleton import (
    JOINT_COUNT, JOINT_NAMES, MIRRORED_JOINT, PARENTS, REST_OFFSETS_M,
)


def random_rotations(*batch, seed=0):
    count = int(np.prod(batch)) * JOINT_COUNT
    return Rotation.random(count, random_state=seed).as_matrix().reshape(
        *batch, JOINT_COUNT, 3, 3)


def test_batched_numpy_and_torch_agree_with_a_plain_loop():
    local = random_rotations(4, 5)
    root = np.random.default_rng(0).normal(size=(4, 5, 3))
    rotations, positions = forward_kinematics(local, root, REST_OFFSETS_M)
    torch_rotations, torch_positions = forward_kinematics(
        torch.from_numpy(local).float(), torch.from_numpy(root).float(),
        torch.tensor(REST_OFFSETS_M, dtype=torch.float32))
    np.testing.assert_allclose(torch_rotations.numpy(), rotations, atol=1e-5)
    np.testing.assert_allclose(torch_positions.numpy(), positions, atol=1e-5)

    expected = {0: (local[1, 2, 0], root[1, 2])}
    for joint in range(1, JOINT_COUNT):
        rotation, position = expected[PARENTS[joint]]
        expected[joint] = (
            rotation @ local[1, 2, joint], position + rotation @ REST_OFFSETS_M[joint])
    for joint in range(JOINT_COUNT):
        np.testing.assert_allclose(rotations[1, 2, joint], expected[joint][0], atol=1e-12)
        np.testing.assert_allclose(positions[1, 2, joint], expected[joint][1], atol=1e-12)


def test_offsets_may_differ_in_a_batch():
    local = random_rotations(2)
    offsets = np.stack([REST_OFFSETS_M, 1.1 * REST_OFFSETS_M])
    _, positions = forward_kinematics(local, np.zeros((2, 3)), offsets)
    _, plain = forward_kinematics(local, np.zeros((2, 3)), REST_OFFSETS_M)
    np.testing.assert_allclose(positions[0], plain[0])
    np.testing.assert_allclose(positions[1], 1.1 * plain[1])


def test_left_and_right_are_not_exchanged():
    for joint, other in enumerate(MIRRORED_JOINT):
        assert MIRRORED_JOINT[other] == joint
        if 'left' in JOINT_NAMES[joint]:
            assert JOINT_NAMES[other] == JOINT_NAMES[joint].replace('left', 'right')
            assert REST_OFFSETS_M[joint, 0] * REST_OFFSETS_M[other, 0] < 0.0
