# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Where a skeleton's tokeniser begins: the linear paths solved for, the networks beside them silent.

A part's latent begins as the principal components of its joints' numbers in four frames, turned
so that every channel has the same deviation, of the size that bits can tell; the way back as the
least squares from the latents that the quantiser gives. Learning goes on from there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motion_avatar_ros.generation.motion_features import CONTACTS, HEIGHT
from motion_avatar_ros.networks.joint_features import FRAME_WIDTH
from motion_avatar_ros.networks.part_scales import PARTS
from motion_avatar_ros.networks.skeleton_autoencoder import FRAMES_PER_LATENT
from motion_avatar_ros.networks.skeleton_tokenizer import SkeletonTokenizer

_DEVIATION = 1.6    # of a channel, in steps of the quantiser
_LOUDER = 5.0       # what `FeatureScale` made them: their variance would hide the pose
_RIDGE = 1e-3


@torch.no_grad()
def begin_linear(
    tokenizer: SkeletonTokenizer, frames: Tensor, counts: Tensor
) -> None:
    """
    Solve for the linear paths of a tokeniser.

    Args:
        tokenizer: untrained, statistics in its buffers.
        frames: (B, T, 269) of training clips.
        counts: (B,) latents of each clip.
    """
    encoder, decoder = tokenizer.encoder, tokenizer.decoder
    nn.init.zeros_(encoder.to_latent.weight)
    nn.init.zeros_(encoder.to_latent.bias)
    nn.init.zeros_(decoder.joint_out.weight)
    scored = tokenizer.scored(frames)
    is_real = tokenizer.is_real(counts, frames.shape[1])[:, ::FRAMES_PER_LATENT]
    numbers = _by_latent(tokenizer, scored)[is_real]
    quiet = torch.ones(FRAME_WIDTH, device=frames.device)
    quiet[:HEIGHT.stop] /= _LOUDER
    quiet[CONTACTS] /= _LOUDER
    weight = _by_latent(tokenizer, quiet.expand(1, FRAMES_PER_LATENT, -1))[0, 0]

    bits = tokenizer.sizes.bits
    straight = encoder.straight
    straight.weight.zero_()
    generator = torch.Generator().manual_seed(0)
    for part in range(PARTS):
        rows = slice(part * bits, (part + 1) * bits)
        own = straight.get_buffer('mask')[rows.start] > 0.0
        values = numbers[:, own] * weight[own]
        variance, axes = torch.linalg.eigh(values.T @ values / len(values))
        variance, axes = variance[-bits:], axes[:, -bits:]
        turn, _ = torch.linalg.qr(torch.randn(
            axes.shape[1], bits, generator=generator).to(frames.device).T)
        deviation = (variance.sum() / bits).sqrt().clamp_min(1e-6)
        scale = _DEVIATION * bits ** -0.5 / deviation
        straight.weight[rows, own] = (
            weight[own, None] * axes @ turn.T * scale).T.to(straight.weight.dtype)

    latents = tokenizer.latents(frames, tokenizer.is_real(counts, frames.shape[1]))
    total = torch.stack(tokenizer.quantizer.encode(latents, counts).layers).sum(dim=0)[is_real]
    straight = decoder.straight
    straight.weight.zero_()
    mask = straight.get_buffer('mask') > 0.0
    for columns in mask.unique(dim=0):
        rows = (mask == columns).all(dim=1)
        given = total[:, columns]
        square = given.T @ given
        square += _RIDGE * len(given) * bits ** -1.0 * torch.eye(
            len(square), device=frames.device)
        solved = torch.linalg.solve(square, given.T @ numbers[:, rows])
        straight.weight[rows.nonzero(), columns.nonzero()[:, 0]] = solved.T


def _by_latent(tokenizer: SkeletonTokenizer, frames: Tensor) -> Tensor:
    """Return the numbers (B, N, 1144) of frames (B, 4 N, 269), four at a time, by joint."""
    split = tokenizer.encoder.features.split(frames)
    return split.unflatten(1, (-1, FRAMES_PER_LATENT)).flatten(2)
