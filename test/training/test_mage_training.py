# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MAGE's training: it learns, every stage too, repeats by seed, and its model loads."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.training.clips import find_clips
from motion_avatar_ros.training.configuration import load_training_config
from motion_avatar_ros.training.mage_training import MageTraining

pytestmark = pytest.mark.usefixtures('one_thread')
CPU = torch.device('cpu')
CONFIG = """
model: mage
network: {width: 32, heads: 2, band: 8, stages: STAGES, blocks: BLOCKS, dropout: 0.1,
          variant: VARIANT}
data: {window_frames: 16}
optimisation: {steps: 80, batch: 8, warmup_steps: 5, learning_rate: 3.0e-3, validate_every: 20}
"""


@pytest.fixture
def configuration(tmp_path):
    def write(stages=(6, 11, 22), variant='gradual'):
        path = tmp_path / 'run.yaml'
        path.write_text(CONFIG.replace('STAGES', str(list(stages))).replace(
            'BLOCKS', str([1] * len(stages))).replace('VARIANT', variant))
        return path
    return write


@pytest.fixture
def training(configuration, data_folder):
    made = MageTraining(load_training_config(configuration()))
    made.load_data(data_folder, {
        split: find_clips(data_folder, split) for split in ('train', 'val')})
    return made


@pytest.mark.parametrize(('stages', 'variant'), [
    ((22,), 'gradual'), ((6, 11, 22), 'gradual'), ((6, 11, 22), 'sequential')])
def test_it_learns_in_every_stage_and_its_model_takes_any_trackers(
        configuration, data_folder, tmp_path, stages, variant):
    out = tmp_path / 'run'
    assert main(['train', 'mage', '--data', str(data_folder), '--out', str(out), '--config',
                 str(configuration(stages, variant))]) == 0
    lines = [json.loads(line) for line in (out / 'log.jsonl').read_text().splitlines()]
    first, *_, last = [line for line in lines if 'val_mpjpe_cm' in line]
    for name in ('mpjpe_cm', *(f'parts_{parts}' for parts in stages[:-1])):
        assert last[f'val_{name}'] < first[f'val_{name}'], name
    for names in (['head'], ['head', 'left_hand', 'right_hand']):
        PoseEstimator.load(out / 'model', 'cpu', available=names).warm_up()


def test_second_pass_begins_from_the_first_ones_pose_or_the_true_one(training):
    network = training.build_network(CPU)
    seen = []

    def watched(features, noisy, timestep, **phase):
        output, state = network(features, noisy, timestep, **phase)
        seen.append((noisy.detach(), timestep, output.x0.detach()))
        return output, state

    torch.manual_seed(0)
    training.loss(watched, training.draw(64, np.random.default_rng(0), CPU))
    (noise, first_times, first), (second, times, _) = seen
    assert (first_times == 999).all() and set(times.tolist()) <= {749, 499, 249}
    assert (noise == noise[:, :1]).all()  # one noise for all frames of a window
    levels = training._alpha_bars[times][:, None, None]
    start = (second - (1.0 - levels).sqrt() * noise) / levels.sqrt()
    is_own = (start - first).abs().amax(dim=(1, 2)) < 1e-2
    assert 0.5 < is_own.float().mean() < 0.95


def test_frames_of_absent_trackers_do_not_reach_the_loss(training):
    network = training.build_network(CPU).eval()
    batch = training.draw(32, np.random.default_rng(1), CPU)
    torch.manual_seed(0)
    before, _ = training.loss(network, batch)
    batch.windows.tracker_positions[~batch.present] += 5.0
    torch.manual_seed(0)
    after, _ = training.loss(network, batch)
    assert torch.isfinite(before) and before == after
