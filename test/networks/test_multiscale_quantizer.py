# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoSa's quantiser: sums that the transformer can rely on, codes that stay in use."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from motion_avatar_ros.networks.codebook_averages import CodebookAverages
from motion_avatar_ros.networks.multiscale_quantizer import MultiscaleQuantizer

SCALES, CODES, CHANNELS = (1, 2, 4, 7), (5, 6, 7, 8), 3


@pytest.fixture
def quantizer():
    torch.manual_seed(0)
    quantizer = MultiscaleQuantizer(SCALES, CODES, CHANNELS)
    for phi in quantizer.phi:  # as after some training
        torch.nn.init.normal_(phi.conv_out.weight, std=0.3)
    return quantizer.requires_grad_(False)


@pytest.fixture
def clips():
    counts = torch.tensor([7, 4])
    latents = torch.randn(2, 7, CHANNELS)
    latents[1, 4:] = 0.0
    return latents, counts


def test_inputs_of_true_tokens_are_the_quantisers_partial_sums_bit_by_bit(quantizer, clips):
    latents, counts = clips
    found = quantizer.encode(latents, counts)
    total = torch.zeros_like(latents)
    inputs = quantizer.inputs(found.tokens, counts, 7)
    assert len(inputs) == len(SCALES) - 1
    for layer, given in enumerate(inputs):
        total = total + found.layers[layer]
        assert torch.equal(given, quantizer.resampling.down(total, layer + 1, counts))
        assert torch.equal(quantizer.decode(found.tokens[:layer + 1], counts, 7), total)


def test_what_is_left_and_what_was_taken_off_make_up_the_latents(quantizer, clips):
    latents, counts = clips
    found = quantizer.encode(latents, counts)
    for layer, residual in enumerate(found.residuals):
        torch.testing.assert_close(residual + sum(found.layers[:layer]), latents)
    assert all((each[1, 4:] == 0.0).all() for each in found.layers)


def test_inputs_of_a_scale_do_not_depend_on_its_own_tokens_or_later_ones(quantizer, clips):
    latents, counts = clips
    tokens = quantizer.encode(latents, counts).tokens
    before = quantizer.inputs(tokens, counts, 7)
    for scale in range(len(SCALES)):
        changed = list(tokens)
        changed[scale] = (tokens[scale] + 1) % CODES[scale]
        after = quantizer.inputs(changed, counts, 7)
        same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        assert same == [later <= scale for later in range(1, len(SCALES))]


def test_codes_are_found_by_direction_and_used_at_their_own_length(quantizer):
    book = quantizer.codebook(3)
    vectors = torch.randn(50, CHANNELS)
    expected = functional.cosine_similarity(vectors[:, None], book, dim=-1).argmax(-1)
    assert torch.equal(quantizer.assigned(vectors, 3), expected)
    assert torch.equal(quantizer.assigned(1e3 * vectors, 3), expected)
    torch.nn.init.zeros_(quantizer.phi[3].conv_out.weight)
    layer = quantizer.layer(expected[None, :7], 3, torch.tensor([7]), 7)
    torch.testing.assert_close(layer[0], book[expected[:7]])


def test_a_clip_has_the_tokens_it_would_have_alone(quantizer, clips):
    latents, counts = clips
    together = quantizer.encode(latents, counts)
    alone = quantizer.encode(latents[1:, :4], counts[1:])
    lengths = quantizer.resampling.lengths[4]
    for a, b, length in zip(together.tokens, alone.tokens, lengths, strict=True):
        assert torch.equal(a[1, :length], b[0, :length])


def test_idle_codes_become_real_latents_and_never_what_pads_a_clip(quantizer):
    averages = CodebookAverages(CODES, CHANNELS)
    latents = torch.randn(8, 7, CHANNELS)
    counts = torch.full((8,), 4)
    latents[:, 4:] = 1e6
    averages.begin(quantizer, latents, counts)
    assert all(quantizer.codebook(layer).abs().max() < 10.0 for layer in range(len(CODES)))
    with torch.no_grad():
        quantizer.codebook(0)[2] = torch.tensor([0.0, 0.0, 1e-3])
        averages.get_buffer('counts_0')[2] = 0.5
    residuals = [latents.clone() for _ in CODES]
    away = latents[:, :4].reshape(-1, 3)
    away[:, 2] = -away[:, 2].abs() - 1.0    # nothing points where the code does
    residuals[0][:, :4] = away.view(8, 4, 3)
    averages.update(quantizer, residuals, counts)
    replaced = quantizer.codebook(0)[2]
    assert (away - replaced).abs().sum(-1).min() < 1e-5
    assert averages.get_buffer('counts_0')[2] > 1.0


def test_codes_move_to_the_mean_of_all_positions_that_point_to_them():
    torch.manual_seed(0)
    quantizer = MultiscaleQuantizer((1, 8), (2, 2), 2)
    averages = CodebookAverages((2, 2), 2)
    # Half of the positions up, half to the right: their average points to neither.
    latents = torch.tensor([[0.0, 3.0], [2.0, 0.0]]).repeat(4, 1)[None].repeat(4, 1, 1)
    counts = torch.full((4,), 8)
    averages.begin(quantizer, latents, counts)
    for _ in range(600):
        averages.update(quantizer, [latents, latents], counts)
    book = quantizer.codebook(0)
    order = book[:, 0].argsort()
    torch.testing.assert_close(
        book[order], torch.tensor([[0.0, 3.0], [2.0, 0.0]]), atol=0.05, rtol=0.0)


def test_as_many_codebooks_as_scales_are_asked_for():
    with pytest.raises(ValueError, match='3 scales, but 2 codebooks'):
        MultiscaleQuantizer((1, 2, 3), (4, 4), 2)
