# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Drawing of bits: guidance that rises, inputs as in training, words that change little."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.generation.scalemogen_sampler import BitSampler, BitSamplerConfig
from motion_avatar_ros.generation.token_sampling import KeptLatents
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig, ScaleMoGenNetwork

CONFIG = ScaleMoGenConfig(
    widths=(4, 6, 8), bits=4, lengths=(1, 2, 4, 6), groups=(1, 2, 5, 7), width=16, layers=1,
    heads=2, feed_forward=16, text=10)
EVERY = torch.ones(7, dtype=torch.bool)


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    network = ScaleMoGenNetwork(CONFIG).requires_grad_(False).eval()
    torch.nn.init.normal_(network.transformer.head.weight, std=1.0)
    return network


@pytest.fixture
def asked():
    torch.manual_seed(1)
    words, is_word = torch.randn(2, 3, 10), torch.ones(2, 3, dtype=torch.bool)
    silence = torch.zeros_like(words), torch.tensor([[True, False, False]] * 2)
    return (words, is_word), silence, torch.tensor([6, 4])


def generators(seed=0):
    return [torch.Generator().manual_seed(seed + row) for row in range(2)]


class Spoken:
    """Answers with a logit for words and another for silence, and remembers what it saw."""

    def __init__(self, with_words, without):
        self.answers, self.index, self.inputs = (with_words, without), 0, []

    def begin(self, words, is_word, counts):
        self.rows = is_word.all(dim=1)
        self.index = 0

    def step(self, generation, inputs, counts):
        shape = (len(counts), CONFIG.lengths[self.index], CONFIG.groups[self.index], 4)
        self.index += 1
        self.inputs.append(inputs)
        return torch.where(
            self.rows[:, None, None, None], *(torch.full(shape, each) for each in self.answers))


def test_guidance_rises_evenly_from_none(network, asked, monkeypatch):
    seen = []
    monkeypatch.setattr(
        'motion_avatar_ros.generation.scalemogen_sampler._drawn',
        lambda probability, generators: (seen.append(probability), probability > 0.5)[1])
    config = BitSamplerConfig(guidance=3.0, temperature=2.0)
    BitSampler(network.tokenizer.quantizer, Spoken(1.0, 0.5), config).draw(*asked, generators())
    logits = [float(each.logit().mean()) for each in seen]
    assert logits == pytest.approx([(1.0 + strength * 0.5) / 2.0 for strength in range(4)])


def test_inputs_of_a_generation_are_those_of_training_on_the_same_bits(network, asked):
    quantizer = network.tokenizer.quantizer
    spoken = Spoken(0.3, 0.3)
    total = BitSampler(quantizer, spoken, BitSamplerConfig()).draw(*asked, generators())
    chance = [
        torch.stack([torch.rand(length, groups, 4, generator=generator)
                     for generator in own])
        for own in [generators()]
        for length, groups in zip(CONFIG.lengths, CONFIG.groups, strict=True)]
    tokens = [each < torch.tensor(0.3).sigmoid() for each in chance]
    counts = asked[2]
    layers = [quantizer.layer(each, index, counts, 6) for index, each in enumerate(tokens)]
    torch.testing.assert_close(total, sum(layers))
    assert spoken.inputs[0] is None
    for given, expected in zip(
            spoken.inputs[1:], quantizer.inputs(layers, counts), strict=True):
        torch.testing.assert_close(given, torch.cat((expected, expected)))


def test_words_of_different_number_can_be_put_in_place_of_each_other(network, asked):
    words, silence, counts = asked
    sampler = BitSampler(network.tokenizer.quantizer, network.transformer, BitSamplerConfig())
    latents = 0.5 * torch.randn(2, 6, 28)
    latents[1, 4:] = 0.0
    source = KeptLatents(latents, torch.zeros(2, 6, dtype=torch.bool))
    truth = sum(network.tokenizer.quantizer.encode(latents, counts).layers)
    fewer = words[0][:, :2], words[1][:, :2]
    for new, old in ((words, fewer), (fewer, words)):
        made = sampler.reword(new, old, silence, counts, generators(), source, EVERY)
        assert made.shape == truth.shape
    same = sampler.reword(words, words, silence, counts, generators(), source, EVERY)
    torch.testing.assert_close(same, truth)
    stays = KeptLatents(latents, torch.ones(2, 6, dtype=torch.bool))
    same = sampler.reword(fewer, words, silence, counts, generators(), stays, EVERY)
    torch.testing.assert_close(same, truth)


@pytest.mark.parametrize('values', [
    {'temperature': 0.0}, {'guidance': 1.0, 'first_guidance': 2.0}, {'least_doubt': 1.5},
    {'kept_maps': -1}])
def test_settings_that_cannot_draw_are_refused(values):
    with pytest.raises(ValueError, match='cannot draw'):
        BitSamplerConfig(**values)
