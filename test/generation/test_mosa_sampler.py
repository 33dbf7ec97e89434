# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ten steps: guidance that rises, kept parts that mend what coarse scales made of them."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.generation.mosa_sampler import MosaSampler, SamplerConfig
from motion_avatar_ros.generation.token_sampling import KeptLatents
from motion_avatar_ros.networks.mosa import MosaConfig, MosaNetwork

CONFIG = MosaConfig(
    features=6, tokenizer_width=8, encoder_blocks=1, decoder_blocks=1, latent=4,
    scales=(1, 2, 4, 8), fewest_codes=10, most_codes=20, width=16, layers=1, heads=2,
    feed_forward=16, text=5)
COUNTS = torch.tensor([8, 5])


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    network = MosaNetwork(CONFIG).requires_grad_(False).eval()
    for head in network.transformer.heads:
        torch.nn.init.normal_(head.weight, std=1.0)
    return network


@pytest.fixture
def words():
    torch.manual_seed(3)
    is_word = torch.ones(2, 3, dtype=torch.bool)
    return (torch.randn(2, 3, 5), is_word), (torch.zeros(2, 3, 5), is_word)


def sampler(network, **changes):
    return MosaSampler(
        network.tokenizer.quantizer, network.transformer, SamplerConfig(**changes))


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_kept_tokens_mend_what_new_coarse_ones_made_of_them(network, words):
    """At the finest scale a kept token is the one that fits what is left there."""
    quantizer = network.tokenizer.quantizer
    latents, is_kept = torch.randn(2, 8, 4), torch.zeros(2, 8, dtype=torch.bool)
    is_kept[:, :3] = True
    kept = KeptLatents(latents, is_kept)
    seen = []

    class Watching(MosaSampler):
        def _with_kept(self, tokens, total, scale, counts, kept):
            chosen = super()._with_kept(tokens, total, scale, counts, kept)
            seen.append((tokens, total, chosen))
            return chosen

    Watching(quantizer, network.transformer, SamplerConfig()).draw(
        *words, COUNTS, generators(1, 2), kept)
    drawn, total, chosen = seen[-1]
    expected = quantizer.assigned(latents - total, 3)
    assert torch.equal(chosen[:, :3], expected[:, :3])
    assert torch.equal(chosen[0, 3:], drawn[0, 3:])
    assert torch.equal(seen[0][2], seen[0][0])  # the coarsest token covers what is not kept


def test_guidance_rises_from_none_at_the_coarsest_scale(network):
    each = sampler(network, guidance=3.0)
    with_words, without = torch.randn(1, 4, 10), torch.randn(1, 4, 10)
    both = torch.cat((with_words, without))
    for scale in range(4):
        strength = 3.0 * scale / 3
        torch.testing.assert_close(
            each._guided(both, scale), with_words + strength * (with_words - without))
    assert torch.equal(each._guided(both, 0), with_words)
    early = sampler(network, guidance=3.0, first_guidance=1.0)
    torch.testing.assert_close(early._guided(both, 0), 2.0 * with_words - without)
    torch.testing.assert_close(early._guided(both, 3), each._guided(both, 3))


def test_settings_that_cannot_draw_are_refused():
    for wrong in ({'top_k': 0.0}, {'top_p': 1.1}, {'temperature': 0.0}, {'guidance': -1.0},
                  {'first_guidance': 5.0}):
        with pytest.raises(ValueError, match='cannot draw'):
            SamplerConfig(**wrong)
