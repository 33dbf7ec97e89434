# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoSa's training: both stages learn, resume where they were cut off, and one model comes out."""

from __future__ import annotations

import json
from pathlib import Path
import shutil

from hashed_words import HashedWords
import numpy as np
import pytest
from staged_runs import check_resuming, figures_of, final_weights, train
import torch
import yaml

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.random_mosa import write_random_mosa
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.networks.mosa import MosaConfig
from motion_avatar_ros.training.captioned_crops import CaptionedCrops
from motion_avatar_ros.training.configuration import from_mapping, load_training_config
from motion_avatar_ros.training.frame_tokenizer_training import thinned
from motion_avatar_ros.training.mosa_scales import MosaScaleTraining
from motion_avatar_ros.training.mosa_training import MOSA, MosaStages
from motion_avatar_ros.training.shipped_configurations import shipped_config
from motion_avatar_ros.training.token_figures import token_figures
from motion_avatar_ros.training.tokenizer_training import (
    TokenizerLossWeights, TokenizerTraining, new_learner,
)

pytestmark = pytest.mark.usefixtures('one_thread', 'hashed_words')
CPU = torch.device('cpu')
CONFIG = """
model: mosa
network: {tokenizer_width: 8, encoder_blocks: 1, decoder_blocks: 1, latent: 8,
          scales: [1, 3, 6, 12], fewest_codes: 8, most_codes: 16, width: 16, layers: 1, heads: 2,
          feed_forward: 16, text: 8}
data: {rate_hz: 20.0}
optimisation: {steps: 4, batch: 4, warmup_steps: 1, learning_rate: 3.0e-3, validate_every: 2}
"""


@pytest.fixture
def configuration(tmp_path) -> Path:
    path = tmp_path / 'run.yaml'
    path.write_text(CONFIG)
    return path


@pytest.fixture
def hashed_words(monkeypatch):
    for module in ('training.captioned_crops', 'generation.mosa'):
        monkeypatch.setattr(
            f'motion_avatar_ros.{module}.text_encoder', lambda name: HashedWords(8))


def parts(configuration, data, *changes):
    config = load_training_config(configuration, changes)
    network = from_mapping(MosaConfig, config.network, 'network')
    return network, CaptionedCrops(data, config, network)


def test_cut_off_in_either_stage_it_goes_on_to_the_same_weights(
    configuration, captioned_folder, tmp_path, monkeypatch
):
    check_resuming(
        'mosa', MOSA.names, configuration, captioned_folder, tmp_path, monkeypatch)


def test_both_stages_learn_and_the_model_generates_with_what_it_needs_only(
    configuration, captioned_folder, tmp_path
):
    out = tmp_path / 'run'
    # Whether it learns, not whether a few seconds of motion tell of others.
    captions = json.loads((captioned_folder / 'captions.json').read_text())
    for learnt, judge in ((0, 3), (1, 4)):
        shutil.copy(*(captioned_folder / f'cmu/clip_{each}.npz' for each in (learnt, judge)))
        captions[f'cmu/clip_{judge}.npz'] = captions[f'cmu/clip_{learnt}.npz']
    (captioned_folder / 'captions.json').write_text(json.dumps(captions))
    assert train(
        'mosa', configuration, captioned_folder, out, '--set', 'optimisation.steps=100', '--set',
        'optimisation.validate_every=10', '--set', 'network.dropout=0.0') == 0
    for stage in MOSA.names:
        first, *others = figures_of(out, stage, 'score')
        assert min(others) < first, stage
    for stage, term in (('tokenizer', 'features'), ('transformer', 'cross_entropy')):
        losses = figures_of(out, stage, term)
        assert losses[-1] < losses[0], stage
    accuracies = [figures_of(out, 'transformer', f'accuracy_{scale}') for scale in range(4)]
    assert all(0.0 <= each <= 1.0 for scale in accuracies for each in scale)
    names = final_weights(out)
    assert not any('averages' in name or 'resampling' in name for name in names)
    generator = load_generator(out / 'model', 'cpu')
    motion, = generator.generate(['a person sways'], [45], 1)
    assert motion.shape == (45, 269) and np.isfinite(motion).all()


def test_inputs_are_corrupted_and_targets_are_not(configuration, captioned_folder):
    network, data = parts(configuration, captioned_folder)
    training = MosaScaleTraining(data, network, new_learner(network).tokenizer)
    training.build_network(CPU)
    batches = []
    for _ in range(2):
        torch.manual_seed(len(batches))
        batches.append(training.draw(6, np.random.default_rng(1), CPU))
    assert torch.equal(batches[0].targets, batches[1].targets)
    assert not torch.equal(batches[0].inputs, batches[1].inputs)
    clean = training._batch(
        data.draw(6, np.random.default_rng(1), CPU, 0.2, 40), 0.0, 1.0)
    assert torch.equal(clean.targets, batches[0].targets)
    assert not torch.equal(clean.inputs, batches[0].inputs)


def test_words_are_left_out_of_a_tenth_of_the_clips(configuration, captioned_folder):
    network, data = parts(configuration, captioned_folder)
    training = MosaScaleTraining(data, network, new_learner(network).tokenizer)
    training.build_network(CPU)
    torch.manual_seed(0)
    words = training.draw(600, np.random.default_rng(1), CPU).words
    share = (words == 0.0).all(dim=-1).all(dim=-1).float().mean()
    assert 0.06 < share < 0.14


def test_tokens_beyond_a_clip_are_no_targets(configuration, captioned_folder):
    network, data = parts(configuration, captioned_folder)
    training = MosaScaleTraining(data, network, new_learner(network).tokenizer)
    transformer = training.build_network(CPU).eval()
    batch = training.draw(8, np.random.default_rng(1), CPU)
    is_token = transformer.resampling.is_token(batch.counts)
    assert not is_token.all()
    assert torch.equal(batch.targets >= 0, is_token)
    before, _ = training.loss(transformer, batch)
    batch.inputs[~is_token[:, network.scales[0]:]] = 9.0
    torch.testing.assert_close(training.loss(transformer, batch)[0], before)


def test_what_pads_a_crop_is_in_no_term_of_the_tokenisers_loss(configuration, captioned_folder):
    network, data = parts(configuration, captioned_folder)
    training = TokenizerTraining(data, network, TokenizerLossWeights())
    learner = training.build_network(CPU).eval()
    batch = training.draw(6, np.random.default_rng(0), CPU)
    assert len(batch.counts.unique()) > 1
    _, terms = training.loss(learner, batch)
    is_real = learner.tokenizer.is_real(batch.counts, batch.frames.shape[1])
    batch.frames[~is_real] = 3.0
    _, after = training.loss(learner, batch)
    for name, value in terms.items():
        torch.testing.assert_close(after[name], value, msg=name)


def test_gradients_reach_the_encoder_and_every_phi(configuration, captioned_folder):
    network, data = parts(configuration, captioned_folder)
    training = TokenizerTraining(data, network, TokenizerLossWeights(codebook=0.0, commitment=0.0))
    learner = training.build_network(CPU)
    training.loss(learner, training.draw(4, np.random.default_rng(0), CPU))[0].backward()
    quantizer = learner.tokenizer.quantizer
    for weight in (*(phi.conv_out.weight for phi in quantizer.phi),
                   learner.tokenizer.encoder.embed.weight):
        assert weight.grad is not None and weight.grad.abs().max() > 0.0


def test_codes_follow_in_training_only(configuration, captioned_folder):
    network, data = parts(configuration, captioned_folder)
    training = TokenizerTraining(data, network, TokenizerLossWeights())
    learner = training.build_network(CPU)
    batch = training.draw(4, np.random.default_rng(0), CPU)
    book = learner.tokenizer.quantizer.codebook(0)
    before = book.clone()
    learner.eval()(batch.frames, batch.counts)
    assert torch.equal(book, before)
    learner.train()(batch.frames, batch.counts)
    assert not torch.equal(book, before)


def test_sets_are_drawn_by_weight_and_crops_keep_to_their_clip(configuration, captioned_folder):
    network, data = parts(configuration, captioned_folder, 'data.source_weights={cmu: 1.0}')
    assert {clip.set for clip in data._clips['train']} == {'cmu'}
    assert sum(clip.is_mirrored for clip in data._clips['train']) == 2
    assert not any(clip.is_mirrored for clip in data._clips['val'])
    batch = data.draw(50, np.random.default_rng(0), CPU, 0.5, 16)
    assert batch.counts.min() >= 4 and batch.counts.max() == 12
    for frames, count in zip(batch.frames, batch.counts, strict=True):
        assert (frames[4 * count:] == 0.0).all()
        assert frames[4 * count - 1].abs().max() > 0.0
    with pytest.raises(MotionAvatarError, match='leaves out every clip'):
        parts(configuration, captioned_folder, 'data.source_weights={cmu: 0.0}')


def test_statistics_are_those_of_what_is_drawn(configuration, captioned_folder):
    _, data = parts(
        configuration, captioned_folder, 'data.source_weights={cmu: 1.0, idle: 0.0}')
    cmu = np.concatenate([
        clip.features for clip in data._clips['train'] if clip.set == 'cmu'])
    np.testing.assert_allclose(data.statistics().mean, cmu.mean(axis=0), atol=1e-4)


def test_kinematics_see_every_frame_of_some_clip():
    frames = torch.arange(5 * 12).view(5, 12)
    assert thinned(frames).tolist() == [
        [0, 4, 8], [13, 17, 21], [26, 30, 34], [39, 43, 47], [48, 52, 56]]


def test_configurations_that_cannot_be_used_are_refused_by_name(configuration, capsys, tmp_path):
    for change, reason in (
            ('stages.tokens.steps=3', "unknown 'tokens'; known: tokenizer, transformer"),
            ('stages.transformer.stps=3', "unknown 'stps'"),
            ('network.scales=[3, 2]', 'network: scales'),
            ('network.heads=3', 'network: width=16'),
            ('data.rate_hz=60.0', 'allowed: 20.0')):
        with pytest.raises(MotionAvatarError, match=reason):
            MosaStages(load_training_config(configuration, [change]))


@pytest.mark.parametrize('preset', ['live', 'paper'])
def test_shipped_presets_can_be_used(preset):
    MosaStages(load_training_config(shipped_config('mosa', preset)))


def test_figures_of_a_model_are_by_layer_and_by_scale(captioned_folder, tmp_path):
    config = from_mapping(
        MosaConfig, yaml.safe_load(CONFIG)['network'], 'network')
    folder = write_random_mosa(tmp_path / 'tiny', config=config)
    figures = token_figures(load_generator(folder, 'cpu'), captioned_folder, 'val')
    assert len(figures['reconstruction_cm']) == len(figures['codes_used']) == 4
    assert all(each > 0.0 for each in figures['reconstruction_cm'])
    assert all(0.0 < each <= 1.0 for each in figures['codes_used'])
    told = figures['transformer']
    assert told['accuracy'] < 0.6 and {f'accuracy_{scale}' for scale in range(4)} < set(told)
