# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Drawn windows: consistent with their trackers, varied as asked, repeatable by seed."""

import numpy as np
import pytest
import torch

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.rotations import geodesic_angle, rotation_about_z
from motion_avatar_ros.body.skeleton import MIRRORED_JOINT, TRACKED_JOINTS
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.observation import observe
from motion_avatar_ros.training.clips import find_clips
from motion_avatar_ros.training.configuration import AugmentationConfig, DataConfig
from motion_avatar_ros.training.motion_windows import MotionWindows, mirrored


def windows(data_folder, augmentation=AugmentationConfig(), weights=None, frames=40):
    clips = find_clips(data_folder, 'train')
    sources = [clip.parent.name for clip in clips]
    return MotionWindows(clips, sources, DataConfig(weights, 60.0, frames), augmentation)


def draw(motion_windows, batch=16, seed=0):
    return motion_windows.draw(batch, np.random.default_rng(seed))


def test_without_noise_trackers_are_the_true_joints(data_folder):
    batch = draw(windows(data_folder))
    torch.testing.assert_close(
        batch.tracker_positions, batch.joint_positions[:, :, list(TRACKED_JOINTS)])


def test_the_same_seed_draws_the_same(data_folder):
    vary = AugmentationConfig(0.5, (0.8, 1.2), (0.9, 1.1), 0.01, 0.01, 0.01, 0.01, 0.01)
    first, second = (draw(windows(data_folder, vary)) for _ in range(2))
    torch.testing.assert_close(first.tracker_positions, second.tracker_positions)
    assert not torch.equal(
        first.tracker_positions, draw(windows(data_folder, vary), seed=1).tracker_positions)


def test_mirroring_twice_is_nothing_and_once_exchanges_left_and_right(data_folder):
    batch = draw(windows(data_folder))
    torch.testing.assert_close(
        mirrored(mirrored(batch.local_rotations)), batch.local_rotations)
    symmetric = batch.offsets.clone()
    reflect = torch.tensor([-1.0, 1.0, 1.0])
    symmetric = 0.5 * (symmetric + (symmetric * reflect)[..., list(MIRRORED_JOINT), :])
    root = torch.zeros_like(batch.joint_positions[..., 0, :])
    _, here = forward_kinematics(batch.local_rotations, root, symmetric)
    _, there = forward_kinematics(mirrored(batch.local_rotations), root, symmetric)
    torch.testing.assert_close(
        there, (here * reflect)[..., list(MIRRORED_JOINT), :], atol=1e-5, rtol=0.0)


def test_yaw_does_not_reach_the_observation_but_size_does(data_folder):
    plain = draw(windows(data_folder))
    sized = draw(windows(data_folder, AugmentationConfig(size_range=(1.1, 1.1))))
    features = observe(plain.tracker_rotations, plain.tracker_positions).features
    turn = rotation_about_z(torch.tensor(1.0))
    turned = observe(turn @ plain.tracker_rotations, plain.tracker_positions @ turn.T).features
    torch.testing.assert_close(features, turned, atol=1e-5, rtol=0.0)
    torch.testing.assert_close(
        sized.joint_positions[..., 2], 1.1 * plain.joint_positions[..., 2], atol=1e-5, rtol=0.0)


def test_noise_and_bias_have_the_asked_size(data_folder):
    vary = AugmentationConfig(noise_position_m=0.004, noise_rotation_rad=0.01)
    batch = draw(windows(data_folder, vary), batch=64)
    error = batch.tracker_positions - batch.joint_positions[:, :, list(TRACKED_JOINTS)]
    assert float(error.std()) == pytest.approx(0.004, rel=0.05)
    joints, _ = forward_kinematics(batch.local_rotations, torch.zeros(64, 40, 3), batch.offsets)
    clean = joints[:, :, list(TRACKED_JOINTS)]
    tilt = geodesic_angle(clean, batch.tracker_rotations)
    assert float(tilt.square().mean().sqrt()) == pytest.approx(0.01 * np.sqrt(3.0), rel=0.05)
    bias = draw(windows(data_folder, AugmentationConfig(bias_position_m=0.02)), batch=64)
    error = (bias.tracker_positions - bias.joint_positions[:, :, list(TRACKED_JOINTS)]).norm(
        dim=-1)
    torch.testing.assert_close(error, error[:, :1].expand_as(error), atol=1e-5, rtol=1e-4)


def test_faster_playback_moves_farther(data_folder):
    slow = draw(windows(data_folder))
    fast = draw(windows(data_folder, AugmentationConfig(speed_range=(1.5, 1.5))))

    def travelled(batch):
        return (batch.joint_positions[:, -1, 0] - batch.joint_positions[:, 0, 0]).norm(dim=-1)

    assert float(travelled(fast).mean() / travelled(slow).mean()) == pytest.approx(1.5, rel=0.02)


def test_a_source_without_weight_is_left_out(data_folder):
    everything, one = windows(data_folder), windows(data_folder, weights={'cmu': 1.0})
    assert one.frames == 190 and everything.frames == 190 + 230
    with pytest.raises(MotionAvatarError, match='positive weight'):
        windows(data_folder, weights={'other': 1.0})


def test_a_clip_shorter_than_the_window_stands_still_at_its_end(data_folder):
    batch = draw(windows(data_folder, frames=200))
    torch.testing.assert_close(batch.joint_positions[:, -1], batch.joint_positions[:, -2])
