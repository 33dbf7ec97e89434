# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask's transformers: what pads a clip is not seen, hidden tokens and layers are told apart."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.masked_transformer import hidden_shares
from motion_avatar_ros.networks.momask import MomaskConfig, MomaskNetwork

CONFIG = MomaskConfig(
    features=6, tokenizer_width=8, encoder_blocks=1, decoder_blocks=1, latent=4, longest=8,
    quantizer_layers=3, codes_per_layer=12, width=16, base_layers=2, residual_layers=2, heads=2,
    feed_forward=16, text=5)
COUNTS = torch.tensor([8, 5])
IS_WORD = torch.tensor([[True, True, False], [True, True, True]])


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return MomaskNetwork(CONFIG).requires_grad_(False).eval()


@pytest.fixture
def words():
    torch.manual_seed(1)
    return torch.randn(2, 3, 5)


def test_base_logits_depend_on_tokens_words_and_lengths_but_not_on_padding(network, words):
    tokens = torch.randint(13, (2, 8))
    logits = network.transformer(words, IS_WORD, tokens, COUNTS)
    assert logits.shape == (2, 8, 12)
    padded = tokens.clone()
    padded[1, 5:] = 0
    silent = words.clone()
    silent[0, 2] = 9.0
    other = network.transformer(silent, IS_WORD, padded, COUNTS)
    torch.testing.assert_close(other[0], logits[0])
    torch.testing.assert_close(other[1, :5], logits[1, :5])
    tokens[0, 7] = (tokens[0, 7] + 1) % 13
    assert not torch.allclose(network.transformer(words, IS_WORD, tokens, COUNTS)[0, 0],
                              logits[0, 0])
    assert not torch.allclose(network.transformer(words + 1.0, IS_WORD, tokens, COUNTS)[1],
                              logits[1])


def test_clips_of_a_batch_may_be_at_different_layers(network, words):
    before = torch.randn(2, 8, 4)
    both = network.residual(words, IS_WORD, before, torch.tensor([1, 2]), COUNTS)
    for row, layer in enumerate((1, 2)):
        alone = network.residual(
            words, IS_WORD, before, torch.full((2,), layer), COUNTS)
        torch.testing.assert_close(both[row, :5], alone[row, :5])
        assert not torch.allclose(both[1 - row, :5], alone[1 - row, :5])


def test_inputs_of_layers_are_scored_by_their_own_statistics(network, words):
    before, layers = torch.randn(2, 8, 4), torch.tensor([2, 2])
    plain = network.residual(words, IS_WORD, before, layers, COUNTS)
    network.residual.input_mean[1] += 1.0
    network.residual.input_std[1] *= 2.0
    shifted = network.residual(words, IS_WORD, 2.0 * before + 1.0, layers, COUNTS)
    network.residual.input_mean[1] -= 1.0
    network.residual.input_std[1] /= 2.0
    torch.testing.assert_close(shifted, plain)


def test_less_is_hidden_the_more_is_done():
    shares = hidden_shares(torch.linspace(0.0, 1.0, 11))
    assert shares[0] == 1.0 and abs(float(shares[-1])) < 1e-6
    assert (shares.diff() < 0.0).all()
    assert (shares.diff().diff() < 1e-6).all()     # slowly at first: little is sure then


def test_sizes_that_make_no_momask_are_refused():
    for wrong in ({'quantizer_layers': 1}, {'longest': 0}, {'codes_per_layer': 0}):
        with pytest.raises(ValueError, match='at least'):
            MomaskConfig(**wrong)
