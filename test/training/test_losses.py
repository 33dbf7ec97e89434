# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pose losses: zero at the truth, and each term sees what it is for."""

import numpy as np
import pytest
import torch

from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.body.skeleton import JOINT_INDEX, UPPER_JOINTS
from motion_avatar_ros.training.clips import find_clips
from motion_avatar_ros.training.configuration import AugmentationConfig, DataConfig
from motion_avatar_ros.training.losses import pose_losses
from motion_avatar_ros.training.motion_windows import MotionWindows


@pytest.fixture
def batch(data_folder):
    clips = find_clips(data_folder, 'train')
    windows = MotionWindows(
        clips, ['x'] * len(clips), DataConfig(None, 60.0, 30), AugmentationConfig())
    return windows.draw(4, np.random.default_rng(0))


def losses_of(batch, rotations):
    return pose_losses(rotations, torch.zeros(4, 30, 2), batch)


def test_the_truth_costs_nothing(batch):
    losses, distance = losses_of(batch, batch.local_rotations)
    for name in set(losses) - {'error'}:
        assert float(losses[name]) < 2e-4, name
    assert float(distance.max()) < 2e-4


def test_a_bent_knee_moves_the_lower_body_only(batch):
    rotations = batch.local_rotations.clone()
    knee = JOINT_INDEX['left_knee']
    rotations[:, :, knee] = rotations[:, :, knee] @ rotation_about_z(torch.tensor(0.5))
    losses, distance = losses_of(batch, rotations)
    assert float(losses['rotation']) > 1e-3 and float(losses['root_rotation']) == 0.0
    assert float(distance[..., list(UPPER_JOINTS)].max()) < 2e-4
    assert float(distance[..., JOINT_INDEX['left_foot']].min()) > 0.1
    assert float(losses['velocity']) < 0.02 < float(losses['position']) * 10


def test_trembling_costs_velocity_more_than_position(batch):
    rotations = batch.local_rotations.clone()
    rotations[:, ::2, JOINT_INDEX['left_shoulder']] @= rotation_about_z(torch.tensor(0.05))
    losses, _ = losses_of(batch, rotations)
    assert float(losses['velocity']) > 1.5 * float(losses['position'])
    assert float(losses['angular_velocity']) > 1e-4


def test_gradients_are_finite_at_the_truth(batch):
    rotations = batch.local_rotations.clone().requires_grad_()
    sum(losses_of(batch, rotations)[0].values()).backward()
    assert torch.isfinite(rotations.grad).all()
