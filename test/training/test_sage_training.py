# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SAGE's training: stages learn, resume where they were cut off, and keep halves apart."""

from __future__ import annotations

from pathlib import Path
import shutil

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from staged_runs import check_resuming, figures_of, final_weights, train
import torch

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_sage import write_random_sage
from motion_avatar_ros.networks.part_tokenizer import PART_JOINTS
from motion_avatar_ros.training.clips import find_clips
from motion_avatar_ros.training.configuration import load_training_config
from motion_avatar_ros.training.sage_data import SageData, observed
from motion_avatar_ros.training.sage_tokens import SageTokenTraining, TokenLossWeights
from motion_avatar_ros.training.sage_training import STAGES, SageStages

pytestmark = pytest.mark.usefixtures('one_thread')
CPU = torch.device('cpu')
CONFIG = """
model: sage
network: {window: 8, latent: 16, groups: 4, entries: 8, tokenizer_width: 16, tokenizer_layers: 1,
          width: 16, blocks: 1, heads: 2, decoder_width: 16, decoder_layers: 1,
          refiner_width: 16, refiner_layers: 1}
data: {window_frames: 8}
loss: {jitter: 10.0}
optimisation: {steps: 4, batch: 4, warmup_steps: 1, learning_rate: 3.0e-3, validate_every: 2}
"""


@pytest.fixture
def configuration(tmp_path) -> Path:
    path = tmp_path / 'run.yaml'
    path.write_text(CONFIG)
    return path


@pytest.fixture
def few_windows(monkeypatch):
    """Measure statistics and scores on few windows, where it does not matter what they are."""
    for name, count in (
            ('sage_data._STATISTICS_BATCHES', 2), ('sage_latents._STATISTICS_BATCHES', 2),
            ('sage_codes._BATCHES', 2), ('sage_tokens._VALIDATION_WINDOWS', 32),
            ('sage_latents._VALIDATION_WINDOWS', 64), ('sage_poses._VALIDATION_WINDOWS', 16)):
        monkeypatch.setattr(f'motion_avatar_ros.training.{name}', count)


def test_cut_off_in_any_stage_it_goes_on_to_the_same_weights(
    configuration, data_folder, tmp_path, monkeypatch, few_windows
):
    check_resuming('sage', STAGES, configuration, data_folder, tmp_path, monkeypatch)
    whole = tmp_path / 'whole'
    assert [path.name for path in sorted(whole.iterdir()) if (path / 'log.jsonl').exists()] == (
        sorted(STAGES))


def test_every_stage_learns_and_the_model_loads_with_what_inference_needs_only(
    configuration, data_folder, tmp_path
):
    out = tmp_path / 'run'
    # Whether it learns, not whether a few seconds of motion tell of others.
    shutil.copy(data_folder / 'cmu/clip_0.npz', data_folder / 'cmu/clip_4.npz')
    assert train(
        'sage', configuration, data_folder, out, '--set', 'optimisation.steps=60', '--set',
        'optimisation.validate_every=10', '--set', 'optimisation.batch=16') == 0
    for stage in STAGES:
        first, *others = figures_of(out, stage, 'score')
        if stage.endswith('_codes'):  # they go on where a tokeniser that has learnt ended
            before = figures_of(out, stage.replace('codes', 'tokens'), 'score')
            assert min(first, *others) < 1.05 * min(before), stage
            assert set(figures_of(out, stage, 'codes_used_least')) == {1.0}
        else:
            assert min(others) < first, stage
    assert not any('quantizer' in name for name in final_weights(out))
    estimator = PoseEstimator.load(out / 'model', 'cpu')
    estimator.warm_up()


def test_new_codes_leave_the_encoder_alone_and_are_those_that_latents_are_made_of(
    configuration, data_folder, tmp_path, few_windows
):
    out = tmp_path / 'run'
    assert train('sage', configuration, data_folder, out) == 0
    for part in ('upper', 'lower'):
        before, after = (
            load_file(out / f'{part}_{stage}' / 'model/weights.safetensors')
            for stage in ('tokens', 'codes'))
        changed = {name.partition('.')[0] for name in before
                   if not torch.equal(before[name], after[name])}
        assert changed == {
            'quantizer', 'from_latent', 'decoder', 'upsample', 'to_motion', 'motion_straight'}
        after['quantizer.codebooks'].fill_(3.0)
        save_file(after, out / f'{part}_codes/model/weights.safetensors')
        shutil.rmtree(out / f'{part}_latents')
    assert train('sage', configuration, data_folder, out, '--resume') == 0
    for part in ('upper', 'lower'):
        latents = load_file(out / f'{part}_latents/model/weights.safetensors')
        assert (latents[f'denoisers.{part}.latent_mean'] == 3.0).all()


def test_a_new_refiner_starts_afresh_and_leaves_the_rest_of_the_model_alone(
    configuration, data_folder, tmp_path, capsys
):
    model = write_random_sage(tmp_path / 'model')
    old = load_file(model / 'weights.safetensors')
    torch.nn.init.constant_(old['to_residual.bias'], 0.25)
    save_file(old, model / 'weights.safetensors')
    out = tmp_path / 'run'
    assert train('sage', configuration, data_folder, out, '--refiner-of', str(model)) == 0
    new = load_file(out / 'refiner/model/weights.safetensors')
    assert {path.name for path in out.iterdir()} == {'config.yaml', 'refiner', 'model'}
    of_refiner = {name for name in old if name.startswith(('refiner', 'to_residual'))}
    for name in old.keys() - of_refiner:
        torch.testing.assert_close(new[name], old[name], rtol=0.0, atol=0.0, msg=name)
    assert new['to_residual.weight'].abs().max() > 0.0
    assert new['to_residual.bias'].abs().max() < 0.1
    PoseEstimator.load(out / 'model', 'cpu').warm_up()
    assert main(['train', 'baseline', '--data', str(data_folder), '--out', str(tmp_path / 'no'),
                 '--refiner-of', str(model)]) == 2
    assert "'baseline' has no refiner" in capsys.readouterr().err


def test_a_run_is_not_begun_over_another_and_stages_are_known_by_name(
    configuration, data_folder, tmp_path, capsys
):
    out = tmp_path / 'run'
    (out / 'decoder').mkdir(parents=True)
    (out / 'decoder' / 'checkpoint.safetensors').touch()
    assert train('sage', configuration, data_folder, out) == 2
    assert 'holds a run already' in capsys.readouterr().err
    config = load_training_config(configuration, ['stages.upper.steps=3'])
    with pytest.raises(MotionAvatarError, match="unknown 'upper'; known: upper_tokens"):
        SageStages(config)
    config = load_training_config(configuration, ['stages.decoder.stps=3'])
    with pytest.raises(MotionAvatarError, match=r"stages.decoder: unknown 'stps'"):
        SageStages(config)


@pytest.mark.parametrize('part', ['upper', 'lower'])
def test_a_halfs_tokeniser_never_sees_targets_of_the_other_half(
    configuration, data_folder, part
):
    config = load_training_config(configuration)
    data = SageData(data_folder, {
        split: find_clips(data_folder, split) for split in ('train', 'val')}, config)
    training = SageTokenTraining(
        data, SageStages(config)._network_config, TokenLossWeights(), part)
    network = training.build_network(CPU).eval()
    batch = training.draw(8, np.random.default_rng(0), CPU)
    losses = []
    for change in ((), PART_JOINTS['lower' if part == 'upper' else 'upper'][1:], (
            PART_JOINTS[part][-1],)):
        for joint in change:
            batch.local_rotations[:, :, joint] = batch.local_rotations[:, :, joint].transpose(
                -1, -2)
        torch.manual_seed(0)
        losses.append(training.loss(network, batch)[0].item())
    assert losses[0] == losses[1]
    assert losses[2] != losses[0]


def test_windows_leave_out_the_frame_whose_differences_are_not_known(
    configuration, data_folder
):
    data = SageData(data_folder, {
        split: find_clips(data_folder, split) for split in ('train', 'val')},
        load_training_config(configuration))
    batch = data.draw('train', 4, 8, np.random.default_rng(0), CPU)
    seen = observed(batch)
    assert batch.local_rotations.shape[1] == 9
    assert seen.features.shape[:2] == seen.pose_6d.shape[:2] == (4, 8)
    moved = seen.features[..., 0, 15:18].norm(dim=-1)
    assert (moved[:, 0] > 0.0).any()
