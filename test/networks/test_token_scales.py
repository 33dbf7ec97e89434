# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scales of tokens: lengths that fit the clip, resampling that mixes in nothing else."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from motion_avatar_ros.networks.token_scales import (
    MOSA_SCALES, ScaleResampling, scale_lengths,
)


@pytest.fixture(scope='module')
def resampling():
    return ScaleResampling(MOSA_SCALES)


def test_a_clip_has_tokens_in_proportion_and_its_last_scale_is_all_of_it():
    assert scale_lengths(MOSA_SCALES, 49) == MOSA_SCALES
    for latents in range(1, 50):
        lengths = scale_lengths(MOSA_SCALES, latents)
        assert lengths[-1] == latents
        assert lengths[0] >= 1
        assert all(a <= b for a, b in zip(lengths, lengths[1:], strict=False))
        for length, scale in zip(lengths, MOSA_SCALES, strict=True):
            assert length == 1 or abs(length - scale * latents / 49) <= 0.5


@pytest.mark.parametrize('latents', [1, 2, 10, 13, 48, 49])
def test_resampling_is_area_down_and_linear_up(resampling, latents):
    torch.manual_seed(latents)
    x, counts = torch.randn(1, latents, 4), torch.tensor([latents])
    for scale, length in enumerate(scale_lengths(MOSA_SCALES, latents)):
        down = resampling.down(x, scale, counts)[:, :length]
        expected = functional.interpolate(x.transpose(1, 2), length, mode='area')
        torch.testing.assert_close(down, expected.transpose(1, 2))
        up = resampling.up(down, scale, counts, latents) if length == MOSA_SCALES[scale] else (
            resampling.up(functional.pad(
                down, (0, 0, 0, MOSA_SCALES[scale] - length)), scale, counts, latents))
        expected = functional.interpolate(expected, latents, mode='linear')
        torch.testing.assert_close(up, expected.transpose(1, 2))


def test_the_last_scale_is_left_as_it_is_bit_by_bit(resampling):
    x, counts = torch.randn(2, 49, 4), torch.tensor([49, 20])
    last = len(MOSA_SCALES) - 1
    assert torch.equal(resampling.down(x, last, counts)[0], x[0])
    assert torch.equal(resampling.down(x, last, counts)[1, :20], x[1, :20])
    assert torch.equal(resampling.up(x, last, counts, 49)[1, :20], x[1, :20])


def test_what_pads_a_clip_is_never_mixed_in_and_nothing_comes_out_beyond_it(resampling):
    counts = torch.tensor([7])
    x = torch.full((1, 49, 2), 1e6)
    x[:, :7] = 1.0
    for scale, length in enumerate(scale_lengths(MOSA_SCALES, 7)):
        down = resampling.down(x, scale, counts)
        torch.testing.assert_close(down[:, :length], torch.ones(1, length, 2))
        assert (down[:, length:] == 0.0).all()
        garbage = torch.full((1, MOSA_SCALES[scale], 2), 1e6)
        garbage[:, :length] = 1.0
        up = resampling.up(garbage, scale, counts, 49)
        torch.testing.assert_close(up[:, :7], torch.ones(1, 7, 2))
        assert (up[:, 7:] == 0.0).all()


def test_a_token_is_touched_by_any_marked_latent_under_it_and_by_no_other(resampling):
    counts = torch.tensor([20])
    for marked in range(20):
        is_marked = torch.zeros(1, 49, dtype=torch.bool)
        is_marked[0, marked] = True
        for scale, length in enumerate(scale_lengths(MOSA_SCALES, 20)):
            touched = resampling.touches(is_marked, scale, counts)[0]
            covers = [
                token * 20 // length <= marked < -(-(token + 1) * 20 // length)
                for token in range(length)]
            assert touched.tolist()[:length] == covers
            assert not touched[length:].any()


def test_tokens_of_a_clip_are_counted_scale_after_scale(resampling):
    is_token = resampling.is_token(torch.tensor([49, 12]))
    assert is_token.shape == (2, sum(MOSA_SCALES))
    assert is_token[0].all()
    for part, length in zip(
            is_token[1].split(MOSA_SCALES), scale_lengths(MOSA_SCALES, 12), strict=True):
        assert part[:length].all() and not part[length:].any()


def test_scales_that_do_not_grow_are_refused():
    for scales in ((), (0, 2), (2, 2), (3, 2)):
        with pytest.raises(ValueError, match='do not grow'):
            ScaleResampling(scales)
