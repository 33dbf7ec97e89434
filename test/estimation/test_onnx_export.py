# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Each estimator as ONNX gives what torch gives: past, resets, dropouts, samplers, streams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_mage import TINY as TINY_MAGE, write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.estimation.random_sage import TINY as TINY_SAGE, write_random_sage
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

onnx_export = pytest.importorskip('motion_avatar_ros.estimation.onnx_export')

FRAMES = 60     # more than a band or a window of any model here
TINY_MODELS = {
    'baseline': lambda folder: write_random_baseline(folder),
    'mage': lambda folder: write_random_mage(folder),
    'mage of one step': lambda folder: write_random_mage(folder, steps=1),
    'mage of three steps': lambda folder: write_random_mage(folder, steps=3),
    'sequential mage': lambda folder: write_random_mage(
        folder, config=replace(TINY_MAGE, variant='sequential')),
    'sequential mage that sees no latent': lambda folder: write_random_mage(
        folder, steps=1, config=replace(TINY_MAGE, variant='sequential', fusion='c+f_rec')),
    'mage that sees no recovered motion': lambda folder: write_random_mage(
        folder, config=replace(TINY_MAGE, stages=(11, 22), blocks=(2, 1), fusion='c+f')),
    'sage': lambda folder: write_random_sage(folder),
    'sage of noise': lambda folder: write_random_sage(
        folder, steps=3, config=replace(TINY_SAGE, prediction='noise')),
    'sage of two refiners, not stratified': lambda folder: write_random_sage(
        folder, steps=1, config=replace(
            TINY_SAGE, is_stratified=False, refiner_layers=2, decoder_layers=2)),
}


def features_of(estimator, streams=1, frames=FRAMES):
    """Trackers (S, T, N, ...) of the built-in motion, each stream elsewhere in it."""
    joints = [TRACKER_JOINTS[name] for name in estimator.tracker_names]
    rotations, positions = builtin_motion('mix', estimator.rate_hz).poses.global_joints()
    starts = [300 * stream for stream in range(streams)]
    return tuple(np.stack([values[start:start + frames, joints] for start in starts])
                 for values in (rotations, positions))


def both(folder, streams=1, **arguments):
    ours = PoseEstimator.load(folder, 'cpu', streams, backend='onnx', **arguments)
    assert (ours.backend, ours.backend_problem) == ('onnx', None)
    return ours, PoseEstimator.load(folder, 'cpu', streams, backend='torch', **arguments)


def assert_same(ours, theirs, rotations, positions):
    got, wanted = ours.step(rotations, positions), theirs.step(rotations, positions)
    np.testing.assert_allclose(
        got.poses.local_rotations, wanted.poses.local_rotations, atol=1e-4)
    np.testing.assert_allclose(got.poses.root_position, wanted.poses.root_position, atol=1e-4)
    np.testing.assert_allclose(got.confidence, wanted.confidence, atol=1e-4)


@pytest.mark.parametrize('kind', TINY_MODELS)
def test_every_kind_of_network_is_torch_s_frame_by_frame(tmp_path, kind):
    estimator = PoseEstimator.load(TINY_MODELS[kind](tmp_path / 'tiny'), 'cpu')
    content, difference = estimator.exported()
    assert len(content) > 1000
    assert 0.0 < difference < 1e-5      # of random weights: far below what is allowed


@pytest.mark.parametrize('model', ['baseline', 'mage', 'sage'])
def test_a_shipped_model_is_torch_s_through_dropouts_resets_and_several_frames_at_once(model):
    ours, theirs = both(model)
    rotations, positions = features_of(ours)
    if model == 'mage':
        rotations, positions = rotations.copy(), positions.copy()
        rotations[:, 10:25, 1:], positions[:, 10:25, 1:] = np.nan, np.nan
        rotations[:, 30:40, 4], positions[:, 30:40, 4] = np.nan, np.nan
    for frame in range(0, 45):
        if frame == 28:
            ours.reset(), theirs.reset()
        assert_same(ours, theirs, rotations[:, frame:frame + 1], positions[:, frame:frame + 1])
    assert_same(ours, theirs, rotations[:, 45:], positions[:, 45:])


@pytest.mark.parametrize('kind', ['baseline', 'sequential mage', 'sage'])
def test_streams_keep_apart_when_one_of_them_is_reset(tmp_path, kind):
    ours, theirs = both(TINY_MODELS[kind](tmp_path / 'tiny'), streams=3)
    rotations, positions = features_of(ours, streams=3)
    for frame in range(40):
        if frame in (7, 20):
            ours.reset(1), theirs.reset(1)
        assert_same(ours, theirs, rotations[:, frame:frame + 1], positions[:, frame:frame + 1])


def test_the_check_before_use_leaves_no_past(tmp_path):
    folder = write_random_baseline(tmp_path / 'tiny')
    ours, theirs = both(folder)
    assert_same(ours, theirs, *(each[:, :1] for each in features_of(ours)))


def test_steps_of_a_sampler_that_are_asked_for_are_in_the_file(tmp_path):
    folder = write_random_sage(tmp_path / 'tiny', steps=2)
    ours, theirs = both(folder, sampler_steps=4)
    assert_same(ours, theirs, *(each[:, :5] for each in features_of(ours)))


def test_a_graph_that_is_not_torch_s_is_refused_with_the_difference(tmp_path, monkeypatch):
    estimator = PoseEstimator.load(write_random_baseline(tmp_path / 'tiny'), 'cpu')
    write = onnx_export.baseline_graph

    def other_weights(network, streams):
        graph = write(network, streams)
        with torch.inference_mode():
            network.embed.weight.mul_(1.01)
        return graph

    monkeypatch.setattr(onnx_export, 'baseline_graph', other_weights)
    with pytest.raises(onnx_export.ExportError, match="'tiny' as ONNX: differs .*1e-04"):
        estimator.exported()


def test_what_is_onnx_already_is_not_exported_again(tmp_path):
    estimator, _ = both(write_random_baseline(tmp_path / 'tiny'))
    with pytest.raises(onnx_export.ExportError, match='no graph of OnnxStream'):
        estimator.exported()
