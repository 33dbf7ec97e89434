# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen's training: both stages learn and are resumed, and one model comes out."""

from __future__ import annotations

from pathlib import Path

from hashed_words import HashedWords
import numpy as np
import pytest
from staged_runs import check_resuming
import torch

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig
from motion_avatar_ros.training.bit_figures import bit_figures
from motion_avatar_ros.training.captioned_crops import CaptionedCrops
from motion_avatar_ros.training.configuration import from_mapping, load_training_config
from motion_avatar_ros.training.scalemogen_bits import BitLossWeights, BitTraining
from motion_avatar_ros.training.scalemogen_maps import MapTraining
from motion_avatar_ros.training.scalemogen_training import SCALEMOGEN, ScaleMoGenStages
from motion_avatar_ros.training.shipped_configurations import shipped_config

pytestmark = pytest.mark.usefixtures('one_thread', 'hashed_words')
CPU = torch.device('cpu')
CONFIG = """
model: scalemogen
network: {widths: [4, 6, 8], blocks: 1, bits: 4, lengths: [1, 3, 6, 12], groups: [1, 2, 5, 7],
          width: 16, layers: 1, heads: 2, feed_forward: 16, text: 8}
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
    for module in ('training.captioned_crops', 'generation.scalemogen'):
        monkeypatch.setattr(
            f'motion_avatar_ros.{module}.text_encoder', lambda name: HashedWords(8))


@pytest.fixture
def parts(configuration, captioned_folder):
    config = load_training_config(configuration)
    network = from_mapping(ScaleMoGenConfig, config.network, 'network')
    torch.manual_seed(0)
    return network, CaptionedCrops(captioned_folder, config, network)


def test_cut_off_in_any_stage_it_goes_on_and_the_model_generates_and_is_measured(
    configuration, captioned_folder, tmp_path, monkeypatch
):
    check_resuming(
        'scalemogen', SCALEMOGEN.names, configuration, captioned_folder, tmp_path, monkeypatch)
    generator = load_generator(tmp_path / 'cut' / 'model', 'cpu')
    motion, = generator.generate(['a person sways'], [45], 1)
    assert motion.shape == (45, 269) and np.isfinite(motion).all()
    figures = bit_figures(generator, captioned_folder, 'val')
    assert len(figures['reconstruction_cm']) == len(figures['bits_set_most']) == 4
    assert 0.0 < figures['score'] and 0.0 <= figures['accuracy_3'] <= 1.0


def test_a_tokeniser_begins_where_more_maps_tell_more_and_goes_on_from_there(parts):
    network, data = parts
    training = BitTraining(data, network, BitLossWeights())
    learner = training.build_network(CPU)
    before = training.validate(learner, CPU)
    assert before['val_cm_4_maps'] < before['val_cm_1_maps']
    optimiser = torch.optim.AdamW(learner.parameters(), lr=1e-2)
    batch, losses = training.draw(4, np.random.default_rng(0), CPU), []
    for _ in range(25):
        loss, terms = training.loss(learner, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert set(terms) >= {'features', 'root', 'velocities', 'joints', 'bits', 'left'}
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def test_a_transformer_learns_what_it_is_shown_and_begins_with_no_idea(parts):
    network, data = parts
    tokenizer = BitTraining(data, network, BitLossWeights()).build_network(CPU).tokenizer
    training = MapTraining(data, network, tokenizer)
    transformer = training.build_network(CPU)
    batch = training.draw(4, np.random.default_rng(0), CPU)
    first = float(training.loss(transformer, batch)[0].detach())
    assert first == pytest.approx(np.log(2.0), abs=0.05)
    optimiser = torch.optim.AdamW(transformer.parameters(), lr=1e-2)
    for _ in range(30):
        loss, _ = training.loss(transformer, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.9 * first


def test_a_batch_turns_bits_over_behind_its_inputs_and_never_in_its_targets(parts):
    network, data = parts
    tokenizer = BitTraining(data, network, BitLossWeights()).build_network(CPU).tokenizer
    training = MapTraining(data, network, tokenizer)
    training.build_network(CPU)
    batches = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        batches.append(training.draw(4, np.random.default_rng(0), CPU))
    first = network.lengths[0] * network.groups[0]
    assert torch.equal(batches[0].targets[:, :first], batches[1].targets[:, :first])
    assert not torch.equal(batches[0].inputs, batches[1].inputs)
    assert set(batches[0].targets.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize('preset', ['live', 'paper'])
def test_the_shipped_configurations_can_be_built(preset):
    ScaleMoGenStages(load_training_config(shipped_config('scalemogen', preset)))


@pytest.mark.parametrize('change, message', [
    ('network.widths=[4, 6]', 'network'), ('network.bits=0', 'bits=0'),
    ('network.groups=[1, 2, 5, 5]', 'the last map has 5'), ('loss.no=1.0', 'loss'),
    ('network.heads=3', 'multiple'), ('network.scale_dropout=1.0', 'no share'),
    ('stages.no={}', "unknown 'no'"), ('data.rate_hz=30.0', 'allowed: 20')])
def test_configurations_that_cannot_be_used_are_refused_by_name(
    configuration, change, message
):
    with pytest.raises(MotionAvatarError, match=message):
        ScaleMoGenStages(load_training_config(configuration, [change]))
