# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
SAGE's denoiser of the tokens of half a body, conditioned on the sparse observation.

DiT blocks (Peebles and Xie, ICCV 2023) whose scale, shift and gate come from the timestep; the
condition is concatenated. That of the lower body sees the upper body's tokens as well, which is
what the model is stratified by. Gates begin at zero, as DiT's do.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.sequence_encoder import sinusoidal_positions
from motion_avatar_ros.networks.timestep_embedding import TimestepEmbedding


class DiTBlock(nn.Module):
    """Attention and feed-forward layers modulated by a condition (B, width)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU('tanh'), nn.Dropout(dropout),
            nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)
        modulation = nn.Linear(width, 6 * width)
        nn.init.zeros_(modulation.weight)
        nn.init.zeros_(modulation.bias)
        self.modulation = nn.Sequential(nn.SiLU(), modulation)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """Mix (B, T, width)."""
        shift, scale, gate, shift_2, scale_2, gate_2 = (
            self.modulation(time)[:, None].chunk(6, dim=-1))
        mixed = self.norm(x) * (1.0 + scale) + shift
        x = x + gate * self.dropout(
            self.attention(mixed, mixed, mixed, need_weights=False)[0])
        return x + gate_2 * self.dropout(
            self.feed_forward(self.norm(x) * (1.0 + scale_2) + shift_2))


class LatentDenoiser(nn.Module):
    """Noisy tokens, timestep and condition to what was asked to predict, clean tokens or noise."""

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(
        self, features: int, latent: int, given: int, width: int, blocks: int, heads: int,
        dropout: float,
    ) -> None:
        """
        Build.

        Args:
            features: numbers of the z-scored observation of a frame.
            latent: channels of a token.
            given: channels of the other half's token, 0 for none.
            width, blocks, heads, dropout: of the DiT blocks.
        """
        super().__init__()
        self.register_buffer('latent_mean', torch.zeros(latent))
        self.register_buffer('latent_std', torch.ones(latent))
        self.embed_features = nn.Conv1d(features, width, 2, stride=2)
        self.embed_noisy = nn.Linear(latent, width)
        self.embed_given = nn.Linear(given, width) if given else None
        self.fuse = nn.Linear((2 + (given > 0)) * width, width)
        self.embed_time = TimestepEmbedding(width)
        self.blocks = nn.ModuleList(DiTBlock(width, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.to_latent = nn.Linear(width, latent)

    def forward(
        self, noisy: Tensor, timestep: Tensor, features: Tensor, given: Tensor | None = None
    ) -> Tensor:
        """
        Denoise.

        Args:
            noisy: (B, T / 2, latent) z-scored tokens at `timestep`.
            timestep: (B,) of the forward process.
            features: (B, T, features), z-scored.
            given: (B, T / 2, given) z-scored tokens of the upper body, where the denoiser is
                built for them.

        Returns:
            (B, T / 2, latent), z-scored.
        """
        seen = [
            self.embed_features(features.transpose(1, 2)).transpose(1, 2),
            self.embed_noisy(noisy)]
        if self.embed_given is not None:
            seen.append(self.embed_given(given))
        x = self.fuse(torch.cat(seen, dim=-1)).float()
        x = x + sinusoidal_positions(x)
        time = self.embed_time(timestep)
        for block in self.blocks:
            x = block(x, time)
        with torch.autocast(x.device.type, enabled=False):
            return self.to_latent(self.norm(x.float()))
