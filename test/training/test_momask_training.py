# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask's training: three stages, resumed where they were cut off, and one model comes out."""

from __future__ import annotations

from pathlib import Path

from hashed_words import HashedWords
import numpy as np
import pytest
from staged_runs import check_resuming
import torch
import yaml

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.random_momask import write_random_momask
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.networks.momask import MomaskConfig
from motion_avatar_ros.training.captioned_crops import CaptionedCrops
from motion_avatar_ros.training.configuration import from_mapping, load_training_config
from motion_avatar_ros.training.momask_base import MomaskBaseTraining, chosen
from motion_avatar_ros.training.momask_layers import MomaskLayerTraining
from motion_avatar_ros.training.momask_training import MOMASK, MomaskStages
from motion_avatar_ros.training.token_figures import token_figures
from motion_avatar_ros.training.tokenizer_training import new_learner

pytestmark = pytest.mark.usefixtures('one_thread', 'hashed_words')
CPU = torch.device('cpu')
CONFIG = """
model: momask
network: {tokenizer_width: 8, encoder_blocks: 1, decoder_blocks: 1, latent: 8, longest: 12,
          quantizer_layers: 3, codes_per_layer: 8, width: 16, base_layers: 1, residual_layers: 1,
          heads: 2, feed_forward: 16, text: 8}
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
    for module in ('training.captioned_crops', 'generation.momask'):
        monkeypatch.setattr(
            f'motion_avatar_ros.{module}.text_encoder', lambda name: HashedWords(8))


@pytest.fixture
def training_of(configuration, captioned_folder):
    """Return what builds the training of a stage, with an untrained tokeniser."""
    config = load_training_config(configuration)
    network = from_mapping(MomaskConfig, config.network, 'network')
    data = CaptionedCrops(captioned_folder, config, network)

    def build(kind):
        torch.manual_seed(0)
        training = kind(data, network, new_learner(network).tokenizer)
        return training, training.build_network(CPU)

    return build


def test_cut_off_in_any_stage_it_goes_on_to_the_same_weights_and_they_generate(
    configuration, captioned_folder, tmp_path, monkeypatch
):
    check_resuming(
        'momask', MOMASK.names, configuration, captioned_folder, tmp_path, monkeypatch)
    generator = load_generator(tmp_path / 'cut' / 'model', 'cpu')
    motion, = generator.generate(['a person sways'], [45], 1)
    assert motion.shape == (45, 269) and np.isfinite(motion).all()


@pytest.mark.parametrize('kind', [MomaskBaseTraining, MomaskLayerTraining])
def test_a_transformer_learns_what_it_is_shown(training_of, kind):
    training, network = training_of(kind)
    batch = training.draw(8, np.random.default_rng(1), CPU)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    losses = []
    for _ in range(30):
        loss, _ = training.loss(network, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_only_tokens_that_are_hidden_or_corrupted_are_to_be_told(training_of):
    training, network = training_of(MomaskBaseTraining)
    torch.manual_seed(0)
    batch = training.draw(64, np.random.default_rng(1), CPU)
    is_told = batch.targets >= 0
    steps = torch.arange(batch.tokens.shape[1])
    assert not (is_told & (steps >= batch.counts[:, None])).any()
    assert is_told.any(dim=1).all()
    assert (batch.tokens[~is_told] != network.hidden).all()
    told, given = batch.targets[is_told], batch.tokens[is_told]
    hidden, left = (given == network.hidden).float().mean(), (given == told).float().mean()
    assert 0.7 < hidden < 0.9 and 0.06 < left < 0.2     # the rest is random


def test_as_many_places_are_chosen_as_asked_and_never_none():
    torch.manual_seed(0)
    counts = torch.tensor([12, 6, 12])
    found = chosen(counts, 12, torch.tensor([1.0, 0.5, 0.0]))
    assert found.sum(dim=1).tolist() == [12, 3, 1]
    assert not found[1, 6:].any()


def test_layers_are_told_from_the_sum_of_those_before(training_of):
    training, network = training_of(MomaskLayerTraining)
    clips = training._crops.draw(4, np.random.default_rng(1), CPU)
    tokenizer = training._crops.tokenizer
    tokens = tokenizer.tokens(clips.frames, clips.counts).tokens
    layers = torch.tensor([1, 2, 1, 2])
    batch = training._batch(clips, 0.0, layers)
    for row, layer in enumerate(layers):
        before = tokenizer.quantizer.decode(tokens[:layer], clips.counts, 12)
        torch.testing.assert_close(batch.before[row], before[row])
        count = int(clips.counts[row])
        assert torch.equal(batch.targets[row, :count], tokens[layer][row, :count])
        assert (batch.targets[row, count:] < 0).all()
    assert (network.input_std > 0.0).all() and not (network.input_mean == 0.0).all()


@pytest.mark.parametrize('change, reason', [
    ('stages.tokens.steps=3', "unknown 'tokens'; known: tokenizer, transformer, residual"),
    ('network.quantizer_layers=1', 'network: self.quantizer_layers=1'),
    ('network.layer_dropout=2.0', 'network: layer_dropout=2.0 is no share'),
    ('network.heads=3', 'network: width=16'),
    ('network.scales=[3, 6]', "unknown 'scales'"),
    ('data.rate_hz=60.0', 'allowed: 20.0')])
def test_configurations_that_cannot_be_used_are_refused_by_name(configuration, change, reason):
    with pytest.raises(MotionAvatarError, match=reason) as refused:
        MomaskStages(load_training_config(configuration, [change]))
    assert '\n' not in str(refused.value)


def test_figures_of_a_model_are_by_layer_and_stage(captioned_folder, tmp_path):
    config = from_mapping(MomaskConfig, yaml.safe_load(CONFIG)['network'], 'network')
    folder = write_random_momask(tmp_path / 'tiny', config=config)
    figures = token_figures(load_generator(folder, 'cpu'), captioned_folder, 'val')
    assert len(figures['reconstruction_cm']) == len(figures['codes_used']) == 3
    assert {'score', 'accuracy', 'accuracy_0.0', 'accuracy_0.5'} < set(figures['transformer'])
    assert {'score', 'accuracy', 'accuracy_1', 'accuracy_2'} == set(figures['residual'])
