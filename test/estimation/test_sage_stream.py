# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SAGE live: a window that moves on, a refiner that is carried, and resets that forget both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
import torch
import yaml

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_sage import TINY, write_random_sage
from motion_avatar_ros.networks.part_tokenizer import PART_JOINTS
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

FRAMES = 40


@pytest.fixture(scope='module', params=['x0', 'noise'])
def folder(tmp_path_factory, request):
    return write_random_sage(
        tmp_path_factory.mktemp('model') / 'tiny_sage',
        config=replace(TINY, prediction=request.param))


def trackers(start=0, frames=FRAMES):
    rotations, positions = builtin_motion('walk', 60.0).poses[start:start + frames].global_joints()
    joints = [TRACKER_JOINTS[name] for name in TRACKER_NAMES]
    return rotations[None][:, :, joints], positions[None][:, :, joints]


def local_rotations(estimator, rotations, positions, chunk):
    return np.concatenate([
        estimator.step(
            rotations[:, first:first + chunk], positions[:, first:first + chunk]
        ).poses.local_rotations
        for first in range(0, rotations.shape[1], chunk)], axis=1)


@pytest.mark.parametrize('chunk', [7, FRAMES])
def test_frame_by_frame_equals_many_frames_at_once(folder, chunk):
    one, many = (PoseEstimator.load(folder, 'cpu') for _ in range(2))
    np.testing.assert_allclose(
        local_rotations(one, *trackers(), 1), local_rotations(many, *trackers(), chunk),
        atol=2e-5)


def test_reset_forgets_window_and_refiner_of_one_stream_alone(folder):
    estimator = PoseEstimator.load(folder, 'cpu', streams=2)
    both = [np.concatenate((values, values)) for values in trackers(0, 30)]
    local_rotations(estimator, *both, 1)
    estimator.reset(0)
    later = [np.concatenate((values, values)) for values in trackers(30, 10)]
    after = local_rotations(estimator, *later, 1)
    fresh = local_rotations(PoseEstimator.load(folder, 'cpu'), *trackers(30, 10), 1)
    np.testing.assert_allclose(after[0], fresh[0], atol=2e-5)
    assert geodesic_angle(after[1, 0], fresh[0, 0]).max() > 1e-4


def test_same_input_gives_the_same_poses_in_another_load(folder):
    np.testing.assert_array_equal(*(
        local_rotations(PoseEstimator.load(folder, 'cpu'), *trackers(), 1) for _ in range(2)))


def test_without_the_upper_bodys_tokens_the_lower_body_is_another(tmp_path):
    folder = write_random_sage(tmp_path / 'tiny_sage')
    whole = local_rotations(
        PoseEstimator.load(folder, 'cpu', is_anchored=False), *trackers(), 1)
    tensors = load_file(folder / 'weights.safetensors')
    for name in ('weight', 'bias'):
        tensors[f'denoisers.lower.embed_given.{name}'].zero_()
    save_file(tensors, folder / 'weights.safetensors')
    blind = local_rotations(
        PoseEstimator.load(folder, 'cpu', is_anchored=False), *trackers(), 1)
    legs = [joint for joint in PART_JOINTS['lower'] if joint]
    assert geodesic_angle(whole[:, :, legs], blind[:, :, legs]).mean() > 1e-3


@pytest.mark.parametrize(('change', 'words'), [
    ({'network': {'prediction': 'v'}}, "prediction 'v' is unknown"),
    ({'network': {'preset': 'huge'}}, 'preset'),
    ({'sampler': {'steps': 0, 'seed': 1}}, 'allowed are 1 to 1000'),
    ({'sampler': None}, 'config.yaml'),
    ({'network': {'window': 8, 'width': 32, 'heads': 2}}, 'weights do not fit'),
])
def test_folder_that_is_wrong_is_refused_with_a_line(tmp_path, change, words):
    folder = write_random_sage(tmp_path / 'model')
    config = yaml.safe_load((folder / 'config.yaml').read_text())
    (folder / 'config.yaml').write_text(yaml.safe_dump({**config, **change}))
    with pytest.raises(ModelFolderError, match=words) as refusal:
        PoseEstimator.load(folder, 'cpu')
    assert '\n' not in str(refusal.value)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    folder = write_random_sage(tmp_path / 'model')
    tensors = load_file(folder / 'weights.safetensors')
    tensors['decoder.norm.weight'][0] = torch.nan
    save_file(tensors, folder / 'weights.safetensors')
    with pytest.raises(ModelFolderError, match='not finite'):
        PoseEstimator.load(folder, 'cpu')
