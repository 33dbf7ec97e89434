# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The online estimator: causal, invariant to place and facing, deterministic, resettable."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import torch

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import geodesic_angle, rotation_about_z
from motion_avatar_ros.body.skeleton import HEAD
from motion_avatar_ros.estimation.compute_device import DeviceError
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_model import write_random_baseline


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_random_baseline(tmp_path_factory.mktemp('model') / 'tiny')


def trackers(streams=1, frames=60, seed=0):
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.normal(scale=0.02, size=(streams, frames, 3, 3)), axis=1)
    rotations = Rotation.from_rotvec(turns.reshape(-1, 3)).as_matrix()
    positions = np.cumsum(rng.normal(scale=0.005, size=(streams, frames, 3, 3)), axis=1)
    positions += [[0.0, 0.0, 1.5], [0.2, 0.3, 1.0], [0.2, -0.3, 1.0]]
    return rotations.reshape(streams, frames, 3, 3, 3) @ ROS_FROM_SMPL, positions


def frame_by_frame(estimator, rotations, positions):
    steps = [
        estimator.step(rotations[:, t:t + 1], positions[:, t:t + 1]).poses.local_rotations
        for t in range(rotations.shape[1])
    ]
    return np.concatenate(steps, axis=1)


def test_ten_metres_and_a_quarter_turn_change_only_the_root(folder):
    rotations, positions = trackers()
    here = PoseEstimator.load(folder, 'cpu').step(rotations, positions).poses
    turn = rotation_about_z(np.array(np.pi / 2))
    there = PoseEstimator.load(folder, 'cpu').step(
        turn @ rotations, positions @ turn.T + [10.0, 0.0, 0.0]).poses
    angles = geodesic_angle(here.local_rotations, there.local_rotations)[..., 1:]
    assert np.degrees(angles.max()) < 0.1
    np.testing.assert_allclose(
        there.local_rotations[..., 0, :, :], turn @ here.local_rotations[..., 0, :, :], atol=1e-5)
    np.testing.assert_allclose(
        there.root_position, here.root_position @ turn.T + [10.0, 0.0, 0.0], atol=1e-5)


def test_parallel_streams_equal_one_stream_at_a_time(folder):
    rotations, positions = trackers(streams=3)
    together = frame_by_frame(PoseEstimator.load(folder, 'cpu', streams=3), rotations, positions)
    for stream in range(3):
        alone = frame_by_frame(
            PoseEstimator.load(folder, 'cpu'), rotations[stream:stream + 1],
            positions[stream:stream + 1])
        np.testing.assert_allclose(together[stream], alone[0], atol=1e-5)


def test_the_head_is_where_it_was_observed(folder):
    rotations, positions = trackers()
    poses = PoseEstimator.load(folder, 'cpu').step(rotations, positions).poses
    np.testing.assert_allclose(
        poses.global_joints()[1][..., HEAD, :], positions[..., 0, :], atol=1e-9)


def test_after_reset_the_past_has_no_influence(folder):
    rotations, positions = trackers()
    estimator = PoseEstimator.load(folder, 'cpu')
    fresh = frame_by_frame(estimator, rotations, positions)
    estimator.reset()
    np.testing.assert_array_equal(frame_by_frame(estimator, rotations, positions), fresh)


def test_resetting_one_stream_leaves_the_others(folder):
    rotations, positions = trackers(streams=2)
    estimator = PoseEstimator.load(folder, 'cpu', streams=2)
    whole = frame_by_frame(estimator, rotations, positions)
    estimator.reset()
    frame_by_frame(estimator, rotations[:, :30], positions[:, :30])
    estimator.reset(0)
    rest = frame_by_frame(estimator, rotations[:, 30:], positions[:, 30:])
    np.testing.assert_allclose(rest[1], whole[1, 30:], atol=1e-5)
    assert np.abs(rest[0] - whole[0, 30:]).max() > 1e-4


def test_confidence_is_between_none_and_full(folder):
    confidence = PoseEstimator.load(folder, 'cpu').step(*trackers()).confidence
    assert confidence.shape == (1, 60, 2)
    assert ((confidence > 0.0) & (confidence < 1.0)).all()


def test_an_absent_device_is_named(folder):
    with pytest.raises(DeviceError, match="'tpu'.*auto, cpu, cuda"):
        PoseEstimator.load(folder, 'tpu')


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a CUDA device')
def test_cuda_is_refused_where_there_is_none_and_auto_takes_the_cpu(folder):
    with pytest.raises(DeviceError):
        PoseEstimator.load(folder, 'cuda')
    assert PoseEstimator.load(folder, 'auto').device == 'cpu'
