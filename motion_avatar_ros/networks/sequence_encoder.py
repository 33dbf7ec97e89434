# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Transformer blocks over a whole window: every frame sees every other."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class SequenceEncoder(nn.Module):
    """Pre-norm blocks and a last norm, (B, T, width) to the same."""

    def __init__(self, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, dropout, nn.functional.gelu, batch_first=True,
                norm_first=True)
            for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the frames."""
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def sinusoidal_positions(like: Tensor) -> Tensor:
    """Return the fixed embedding (T, width) of the positions of (B, T, width)."""
    frames, width = like.shape[-2:]
    rates = torch.exp(
        torch.arange(0, width, 2, device=like.device) * (-math.log(10_000.0) / width))
    angles = torch.arange(frames, device=like.device)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(-2).to(like.dtype)
