# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The autoencoder: a clip comes out as it would alone, whatever it shares a batch with."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from motion_avatar_ros.networks.caq_autoencoder import (
    AutoencoderSizes, MotionDecoder, MotionEncoder,
)
from motion_avatar_ros.networks.masked_blocks import MaskedGroupNorm

SIZES = AutoencoderSizes(
    features=6, width=8, multipliers=(1, 2, 1), encoder_blocks=1, decoder_blocks=2, latent=4,
    dropout=0.0)


@pytest.fixture(scope='module')
def pair():
    torch.manual_seed(0)
    return MotionEncoder(SIZES).eval(), MotionDecoder(SIZES).eval()


def test_frames_are_quartered_and_brought_back(pair):
    encoder, decoder = pair
    frames = torch.randn(2, 20, 6)
    latents = encoder(frames, torch.ones(2, 20, dtype=torch.bool))
    assert latents.shape == (2, 5, 4)
    assert decoder(latents, torch.ones(2, 5, dtype=torch.bool)).shape == frames.shape
    assert SIZES.frames_per_latent == 4


def test_what_lies_beyond_a_clip_changes_nothing_of_it(pair):
    encoder, decoder = pair
    frames = torch.randn(1, 12, 6)
    alone = encoder(frames, torch.ones(1, 12, dtype=torch.bool))
    padded = torch.full((2, 28, 6), 7.0)
    padded[0, :12] = frames
    is_real = torch.ones(2, 28, dtype=torch.bool)
    is_real[0, 12:] = False
    together = encoder(padded, is_real)
    torch.testing.assert_close(together[:1, :3], alone)
    assert (together[0, 3:] == 0.0).all()
    out = decoder(together, is_real[:, ::4])
    torch.testing.assert_close(out[:1, :12], decoder(alone, torch.ones(1, 3, dtype=torch.bool)))
    assert (out[0, 12:] == 0.0).all()


def test_frames_in_the_middle_that_are_not_real_are_not_seen(pair):
    encoder, _ = pair
    frames, is_real = torch.randn(1, 24, 6), torch.ones(1, 24, dtype=torch.bool)
    is_real[:, 8:16] = False
    before = encoder(frames, is_real)
    frames[:, 8:16] += 100.0
    assert torch.equal(encoder(frames, is_real), before)
    assert not torch.equal(encoder(frames + 0.1, is_real), before)


def test_every_latent_sees_the_whole_clip(pair):
    encoder, _ = pair
    frames = torch.randn(1, 64, 6, requires_grad=True)
    encoder(frames, torch.ones(1, 64, dtype=torch.bool))[0, 0].square().sum().backward()
    assert frames.grad is not None and (frames.grad[0, -4:].abs().max() > 0.0)


def test_a_batch_without_a_real_frame_stays_finite(pair):
    encoder, _ = pair
    latents = encoder(torch.randn(1, 8, 6), torch.zeros(1, 8, dtype=torch.bool))
    assert (latents == 0.0).all()


def test_where_all_is_real_the_norm_is_the_usual_one():
    x = 3.0 + torch.randn(2, 8, 10)
    ours, usual = MaskedGroupNorm(8), nn.GroupNorm(4, 8, eps=1e-6)
    for norm in (ours, usual):
        with torch.no_grad():
            norm.weight.copy_(torch.linspace(0.5, 2.0, 8))
            norm.bias.copy_(torch.linspace(-1.0, 1.0, 8))
    torch.testing.assert_close(ours(x, torch.ones(2, 1, 10)), usual(x), rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match='no multiple'):
        MaskedGroupNorm(6)
