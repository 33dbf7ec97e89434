# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask's drawing: every token is filled in once, the surest first, guided by the words."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.generation.momask_sampler import MaskedSampler, MaskedSamplerConfig
from motion_avatar_ros.generation.token_sampling import KeptLatents
from motion_avatar_ros.networks.momask import MomaskConfig, MomaskNetwork

CONFIG = MomaskConfig(
    features=6, tokenizer_width=8, encoder_blocks=1, decoder_blocks=1, latent=4, longest=8,
    quantizer_layers=3, codes_per_layer=20, width=16, base_layers=1, residual_layers=1, heads=2,
    feed_forward=16, text=5)
COUNTS = torch.tensor([8, 5])


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    network = MomaskNetwork(CONFIG).requires_grad_(False).eval()
    for head in (network.transformer.head.weight, network.residual.head):
        torch.nn.init.normal_(head, std=1.0)
    return network


@pytest.fixture
def words():
    torch.manual_seed(3)
    is_word = torch.ones(2, 3, dtype=torch.bool)
    return (torch.randn(2, 3, 5), is_word), (torch.zeros(2, 3, 5), is_word)


class Watched:
    """A transformer of the base layer that remembers the tokens it is shown."""

    def __init__(self, transformer):
        self._transformer = transformer
        self.hidden = transformer.hidden
        self.shown = []

    def heard(self, *asked):
        return self._transformer.heard(*asked)

    def logits(self, heard, tokens):
        self.shown.append(tokens.chunk(2)[0].clone())
        return self._transformer.logits(heard, tokens)


def sampler(network, base=None, **changes):
    return MaskedSampler(
        network.tokenizer.quantizer, base or network.transformer, network.residual,
        CONFIG.longest, MaskedSamplerConfig(**changes))


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.mark.parametrize('iterations', [1, 3, 20])
def test_every_token_is_filled_in_exactly_once(network, words, iterations):
    watched = Watched(network.transformer)
    each = sampler(network, watched, iterations=iterations)
    is_new = torch.arange(8) < COUNTS[:, None]
    heard = watched.heard(
        *(torch.cat(pair) for pair in zip(*words, strict=True)), torch.cat((COUNTS, COUNTS)))
    made = each._base(heard, is_new, generators(1, 2), None)
    assert len(watched.shown) == iterations
    assert (watched.shown[0] == watched.hidden).all()
    for before, after in zip(watched.shown, (*watched.shown[1:], made), strict=True):
        is_filled = (before != watched.hidden) & is_new
        assert torch.equal(before[is_filled], after[is_filled])
    assert (made[is_new] < watched.hidden).all()
    hidden = [int(((tokens == watched.hidden) & is_new).sum()) for tokens in watched.shown]
    assert hidden == sorted(hidden, reverse=True)


def test_the_surest_tokens_stay(network, words):
    watched = Watched(network.transformer)
    each = sampler(network, watched, iterations=2)
    seen = []
    plain = each._drawn

    def drawn(*asked):
        seen.append(plain(*asked))
        return seen[-1]

    each._drawn = drawn
    each.draw(*words, COUNTS, generators(1, 2))
    sureness = seen[0][1][0]
    is_kept = watched.shown[1][0] != watched.hidden
    assert 0 < int(is_kept.sum()) < 8
    assert sureness[is_kept].min() >= sureness[~is_kept].max()


def test_guidance_of_zero_is_without_the_words_and_of_one_by_them(network, words):
    said, silence = words
    unguided = sampler(network, guidance=0.0, residual_guidance=0.0)
    torch.testing.assert_close(
        unguided.draw(said, silence, COUNTS, generators(1, 2)),
        unguided.draw(silence, silence, COUNTS, generators(1, 2)), rtol=0.0, atol=0.0)
    plain = sampler(network, guidance=1.0, residual_guidance=1.0)
    both = torch.randn(4, 8, 20)
    tokens, sureness = plain._drawn(both, 1.0, generators(1, 2))
    expected = both[:2].log_softmax(dim=-1).gather(-1, tokens[..., None])[..., 0]
    torch.testing.assert_close(sureness, expected)
    assert not torch.allclose(
        plain.draw(said, silence, COUNTS, generators(1, 2)),
        unguided.draw(said, silence, COUNTS, generators(1, 2)))


def test_kept_latents_are_the_sources_own(network, words):
    latents, is_kept = torch.randn(2, 8, 4), torch.zeros(2, 8, dtype=torch.bool)
    is_kept[:, :2] = True
    made = sampler(network).draw(*words, COUNTS, generators(1, 2), KeptLatents(latents, is_kept))
    quantizer = network.tokenizer.quantizer
    own = quantizer.decode(quantizer.encode(latents, COUNTS).tokens, COUNTS, 8)
    assert torch.equal(made[:, :2], own[:, :2])


def test_settings_that_cannot_draw_are_refused():
    for wrong in ({'top_k': 0.0}, {'iterations': 0}, {'iterations': 101}, {'temperature': 0.0},
                  {'guidance': -1.0}, {'residual_guidance': -1.0}):
        with pytest.raises(ValueError, match='cannot draw'):
            MaskedSamplerConfig(**wrong)
