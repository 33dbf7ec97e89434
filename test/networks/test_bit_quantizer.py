# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen's quantiser: codes on a sphere, sums to rely on, flips that later maps see."""

from __future__ import annotations

import pytest
import torch

from motion_avatar_ros.networks.bit_quantizer import BitQuantizer

LENGTHS, GROUPS, BITS = (1, 2, 3, 6), (1, 2, 5, 7), 5


@pytest.fixture
def quantizer():
    return BitQuantizer(LENGTHS, GROUPS, BITS)


@pytest.fixture
def clips():
    torch.manual_seed(0)
    counts = torch.tensor([6, 4])
    latents = 0.5 * torch.randn(2, 6, 7 * BITS)
    latents[1, 4:] = 0.0
    return latents, counts


def test_codes_have_length_one_and_name_their_bits(quantizer):
    tokens = torch.rand(40, BITS) < 0.5
    codes = quantizer.code(tokens)
    torch.testing.assert_close(codes.norm(dim=-1), torch.ones(40))
    assert torch.equal(codes > 0.0, tokens)


def test_what_is_one_code_in_every_cell_comes_back_from_its_bits(quantizer):
    counts = torch.tensor([6])
    tokens = torch.rand(1, 6, 7, BITS) < 0.5
    latents = quantizer.layer(tokens, 3, counts, 6)
    assert torch.equal(quantizer.nearest(latents, 3, counts), tokens)


def test_layers_and_what_is_left_make_up_the_latents_and_decode_is_their_sum(quantizer, clips):
    latents, counts = clips
    found = quantizer.encode(latents, counts)
    total = sum(found.layers)
    torch.testing.assert_close(quantizer.decode(found.tokens, counts, 6), total)
    assert (total[1, 4:] == 0.0).all()
    assert (latents - total).norm() < latents.norm()
    for tokens, directions, length, groups in zip(
            found.tokens, found.directions, LENGTHS, GROUPS, strict=True):
        assert tokens.shape == (2, length, groups, BITS)
        assert torch.equal(directions > 0.0, tokens)


def test_inputs_are_the_partial_sums_that_a_generation_makes_of_the_same_bits(quantizer, clips):
    latents, counts = clips
    found = quantizer.encode(latents, counts)
    inputs = quantizer.inputs(found.layers, counts)
    total = torch.zeros_like(latents)
    for index, given in enumerate(inputs):
        total = total + quantizer.layer(found.tokens[index], index, counts, 6)
        assert torch.equal(given, quantizer.scales.down(total, index + 1, counts))


def test_no_bit_turned_over_is_the_plain_quantiser_and_all_are_its_opposite(quantizer, clips):
    latents, counts = clips
    plain = quantizer.encode(latents, counts)
    same = quantizer.encode(latents, counts, flips=[0.0] * 4)
    for a, b in zip(plain.layers, same.layers, strict=True):
        assert torch.equal(a, b)
    turned = quantizer.encode(latents, counts, flips=[1.0, 0.0, 0.0, 0.0])
    torch.testing.assert_close(turned.layers[0], -plain.layers[0])


def test_later_maps_are_asked_for_what_flips_left_and_the_flipped_map_for_the_truth(
    quantizer, clips
):
    latents, counts = clips
    plain = quantizer.encode(latents, counts)
    torch.manual_seed(3)
    flipped = quantizer.encode(latents, counts, flips=[0.0, 0.5, 0.0, 0.0])
    assert torch.equal(flipped.tokens[1], plain.tokens[1])
    assert not torch.equal(flipped.layers[1], plain.layers[1])
    left = latents - flipped.layers[0] - flipped.layers[1]
    assert torch.equal(flipped.tokens[2], quantizer.nearest(left, 2, counts))
    rate = (quantizer.nearest(flipped.layers[1], 1, counts) != plain.tokens[1])[0]
    assert 0.1 < float(rate.float().mean()) < 0.9


def test_a_map_left_out_adds_nothing_and_later_ones_take_its_place(quantizer, clips):
    latents, counts = clips
    is_used = torch.ones(2, 4, dtype=torch.bool)
    is_used[0, 0] = False
    found = quantizer.encode(latents, counts, is_used)
    plain = quantizer.encode(latents, counts)
    assert (found.layers[0][0] == 0.0).all()
    assert torch.equal(found.layers[0][1], plain.layers[0][1])
    assert torch.equal(
        found.tokens[1][0], quantizer.nearest(latents, 1, counts)[0])


def test_a_clip_has_the_bits_it_would_have_alone(quantizer, clips):
    latents, counts = clips
    together = quantizer.encode(latents, counts)
    alone = quantizer.encode(latents[1:, :4], counts[1:])
    lengths = quantizer.scales.cell_lengths(counts)[1]
    for a, b, length in zip(together.tokens, alone.tokens, lengths, strict=True):
        assert torch.equal(a[1, :length], b[0, :length])


def test_tokens_without_bits_are_refused():
    with pytest.raises(ValueError, match='bits=0'):
        BitQuantizer(LENGTHS, GROUPS, 0)
