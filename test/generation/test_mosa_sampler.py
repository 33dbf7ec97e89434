# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ten steps: chance by seed alone, guidance that rises, parts that stay."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.generation.mosa_sampler import KeptLatents, MosaSampler, SamplerConfig
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


def test_the_seed_alone_decides_and_each_clip_has_its_own(network, words):
    torch.manual_seed(5)
    first = sampler(network).draw(*words, COUNTS, generators(1, 2))
    torch.manual_seed(6)
    second = sampler(network).draw(*words, COUNTS, generators(1, 2))
    assert torch.equal(first, second)
    other = sampler(network).draw(*words, COUNTS, generators(1, 3))
    torch.testing.assert_close(first[0], other[0])
    assert not torch.allclose(first[1], other[1])
    assert (first[1, 5:] == 0.0).all()


def test_a_clip_is_the_same_whatever_it_is_drawn_beside(network, words):
    together = sampler(network).draw(*words, COUNTS, generators(1, 2))
    alone = sampler(network).draw(
        *(tuple(each[1:] for each in pair) for pair in words), COUNTS[1:], generators(2))
    torch.testing.assert_close(together[1:], alone)


def test_with_everything_kept_it_is_the_tokeniser(network, words):
    latents = torch.randn(2, 8, 4)
    latents[1, 5:] = 0.0
    kept = KeptLatents(latents, torch.arange(8) < COUNTS[:, None])
    made = sampler(network).draw(*words, COUNTS, generators(1, 2), kept)
    quantizer = network.tokenizer.quantizer
    tokens = quantizer.encode(latents, COUNTS).tokens
    torch.testing.assert_close(made, quantizer.decode(tokens, COUNTS, 8), rtol=0.0, atol=0.0)


def test_what_is_not_kept_does_not_depend_on_what_was_there(network, words):
    latents, is_kept = torch.randn(2, 8, 4), torch.zeros(2, 8, dtype=torch.bool)
    is_kept[:, :2] = True
    first = sampler(network).draw(
        *words, COUNTS, generators(1, 2), KeptLatents(latents, is_kept))
    changed = torch.where(is_kept[..., None], latents, torch.randn(2, 8, 4))
    second = sampler(network).draw(
        *words, COUNTS, generators(1, 2), KeptLatents(changed, is_kept))
    assert torch.equal(first, second)
    free = sampler(network).draw(*words, COUNTS, generators(1, 2))
    assert not torch.allclose(first, free)


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


def test_only_the_likeliest_codes_are_drawn(network):
    logits = torch.tensor([5.0, 4.9, 4.8, 4.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).expand(1, 4000, 10)
    for share, allowed in ((0.2, {0, 1}), (0.4, {0, 1, 2, 3}), (0.01, {0})):
        drawn = sampler(network, top_k=share, top_p=1.0)._drawn(logits, generators(0))
        assert set(drawn.unique().tolist()) == allowed
    # 0 alone has 28 % of the four, 0 and 1 have 54 %.
    drawn = sampler(network, top_k=0.4, top_p=0.5)._drawn(logits, generators(0))
    assert set(drawn.unique().tolist()) == {0, 1}
    cold = sampler(network, top_k=1.0, top_p=1.0, temperature=0.01)._drawn(logits, generators(0))
    assert (cold == 0).float().mean() > 0.99


def test_settings_that_cannot_draw_are_refused():
    for wrong in ({'top_k': 0.0}, {'top_p': 1.1}, {'temperature': 0.0}, {'guidance': -1.0},
                  {'first_guidance': 5.0}):
        with pytest.raises(ValueError, match='cannot draw'):
            SamplerConfig(**wrong)
