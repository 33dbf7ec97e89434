# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What holds for every sampler of tokens: chance by seed alone, clips apart, parts that stay."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.generation.momask_sampler import MaskedSampler, MaskedSamplerConfig
from motion_avatar_ros.generation.mosa_sampler import MosaSampler, SamplerConfig
from motion_avatar_ros.generation.token_sampling import KeptLatents, drawn_tokens
from motion_avatar_ros.networks.momask import MomaskConfig, MomaskNetwork
from motion_avatar_ros.networks.mosa import MosaConfig, MosaNetwork

SIZES = {
    'features': 6, 'tokenizer_width': 8, 'encoder_blocks': 1, 'decoder_blocks': 1, 'latent': 4,
    'width': 16, 'heads': 2, 'feed_forward': 16, 'text': 5}
COUNTS = torch.tensor([8, 5])


def mosa_sampler():
    network = MosaNetwork(MosaConfig(
        **SIZES, scales=(1, 2, 4, 8), fewest_codes=10, most_codes=20, layers=1))
    network.requires_grad_(False).eval()
    for head in network.transformer.heads:
        torch.nn.init.normal_(head.weight, std=1.0)
    return MosaSampler(network.tokenizer.quantizer, network.transformer, SamplerConfig())


def momask_sampler():
    network = MomaskNetwork(MomaskConfig(
        **SIZES, longest=8, quantizer_layers=3, codes_per_layer=20, base_layers=1,
        residual_layers=1))
    network.requires_grad_(False).eval()
    for head in (network.transformer.head.weight, network.residual.head):
        torch.nn.init.normal_(head, std=1.0)
    return MaskedSampler(
        network.tokenizer.quantizer, network.transformer, network.residual, 8,
        MaskedSamplerConfig())


@pytest.fixture(params=[mosa_sampler, momask_sampler], ids=['mosa', 'momask'])
def sampler(request):
    torch.manual_seed(0)
    return request.param()


@pytest.fixture
def words():
    torch.manual_seed(3)
    is_word = torch.ones(2, 3, dtype=torch.bool)
    return (torch.randn(2, 3, 5), is_word), (torch.zeros(2, 3, 5), is_word)


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_the_seed_alone_decides_and_each_clip_has_its_own(sampler, words):
    torch.manual_seed(5)
    first = sampler.draw(*words, COUNTS, generators(1, 2))
    torch.manual_seed(6)
    second = sampler.draw(*words, COUNTS, generators(1, 2))
    assert torch.equal(first, second)
    other = sampler.draw(*words, COUNTS, generators(1, 3))
    torch.testing.assert_close(first[0], other[0])
    assert not torch.allclose(first[1], other[1])
    assert (first[1, 5:] == 0.0).all()


def test_a_clip_is_the_same_whatever_it_is_drawn_beside(sampler, words):
    together = sampler.draw(*words, COUNTS, generators(1, 2))
    alone = sampler.draw(
        *(tuple(each[1:] for each in pair) for pair in words), COUNTS[1:], generators(2))
    torch.testing.assert_close(together[1:], alone)


def test_with_everything_kept_it_is_the_tokeniser(sampler, words):
    latents = torch.randn(2, 8, 4)
    latents[1, 5:] = 0.0
    kept = KeptLatents(latents, torch.arange(8) < COUNTS[:, None])
    made = sampler.draw(*words, COUNTS, generators(1, 2), kept)
    tokens = sampler.quantizer.encode(latents, COUNTS).tokens
    torch.testing.assert_close(
        made, sampler.quantizer.decode(tokens, COUNTS, 8), rtol=0.0, atol=0.0)


def test_what_is_not_kept_does_not_depend_on_what_was_there(sampler, words):
    latents, is_kept = torch.randn(2, 8, 4), torch.zeros(2, 8, dtype=torch.bool)
    is_kept[:, :2] = True
    first = sampler.draw(*words, COUNTS, generators(1, 2), KeptLatents(latents, is_kept))
    changed = torch.where(is_kept[..., None], latents, torch.randn(2, 8, 4))
    second = sampler.draw(*words, COUNTS, generators(1, 2), KeptLatents(changed, is_kept))
    assert torch.equal(first, second)
    free = sampler.draw(*words, COUNTS, generators(1, 2))
    assert not torch.allclose(first, free)


def test_only_the_likeliest_codes_are_drawn():
    logits = torch.tensor([5.0, 4.9, 4.8, 4.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).expand(1, 4000, 10)
    for share, allowed in ((0.2, {0, 1}), (0.4, {0, 1, 2, 3}), (0.01, {0})):
        drawn = drawn_tokens(logits, generators(0), share, 1.0, 1.0)
        assert set(drawn.unique().tolist()) == allowed
    # 0 alone has 28 % of the four, 0 and 1 have 54 %.
    drawn = drawn_tokens(logits, generators(0), 0.4, 0.5, 1.0)
    assert set(drawn.unique().tolist()) == {0, 1}
    cold = drawn_tokens(logits, generators(0), 1.0, 1.0, 0.01)
    assert (cold == 0).float().mean() > 0.99
