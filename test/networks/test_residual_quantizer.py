# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Residual quantisation at one rate: layers add up, each takes the code nearest to the rest."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.codebook_averages import CodebookAverages
from motion_avatar_ros.networks.residual_quantizer import ResidualQuantizer

COUNTS = torch.tensor([6, 3])


@pytest.fixture
def quantizer():
    torch.manual_seed(0)
    return ResidualQuantizer((8, 16, 16), 4)


@pytest.fixture
def latents():
    torch.manual_seed(1)
    return torch.randn(2, 6, 4) * (torch.arange(6) < COUNTS[:, None])[..., None]


def test_layers_add_up_to_what_their_tokens_decode_to(quantizer, latents):
    found = quantizer.encode(latents, COUNTS)
    total = quantizer.decode(found.tokens, COUNTS, 6)
    torch.testing.assert_close(torch.stack(found.layers).sum(dim=0), total)
    left = found.residuals[-1] - found.layers[-1]
    torch.testing.assert_close(total + left, latents)
    first = quantizer.decode(found.tokens[:1], COUNTS, 6)
    torch.testing.assert_close(first, found.layers[0])


def test_each_layer_takes_the_code_nearest_to_what_is_left(quantizer, latents):
    found = quantizer.encode(latents, COUNTS)
    for layer, (tokens, residual) in enumerate(zip(found.tokens, found.residuals, strict=True)):
        distances = torch.cdist(residual, quantizer.codebook(layer).expand(2, -1, -1))
        assert torch.equal(tokens, distances.argmin(dim=-1))


def test_nothing_is_added_beyond_a_clip_and_every_layer_has_a_token_per_latent(quantizer, latents):
    found = quantizer.encode(latents, COUNTS)
    assert all((layer[1, 3:] == 0.0).all() for layer in found.layers)
    assert quantizer.lengths(COUNTS).tolist() == [[6, 6, 6], [3, 3, 3]]
    assert all(tokens.shape == (2, 6) for tokens in found.tokens)


def test_codes_that_follow_the_latents_tell_more_of_them(quantizer):
    torch.manual_seed(2)
    latents, counts = torch.randn(16, 6, 4), torch.full((16,), 6)
    averages = CodebookAverages(quantizer.codes, 4)

    def error() -> float:
        tokens = quantizer.encode(latents, counts).tokens
        return float((quantizer.decode(tokens, counts, 6) - latents).square().mean())

    at_random = error()
    averages.begin(quantizer, latents, counts)
    begun = error()
    for _ in range(30):
        averages.update(quantizer, quantizer.encode(latents, counts).residuals, counts)
    assert error() < begun < at_random


def test_a_layer_without_codes_is_refused():
    for codes in ((), (4, 0)):
        with pytest.raises(ValueError, match='without any'):
            ResidualQuantizer(codes, 4)
