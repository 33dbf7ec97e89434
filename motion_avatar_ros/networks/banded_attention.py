# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Causal self-attention over a band of past frames, streamed exactly.

A frame attends to itself and the `band - 1` frames before it, with a learned bias per head and
lag instead of absolute positions. A stream therefore needs only the keys and values of the
last frames of each layer: what was computed for past frames is never computed again, and
frame-by-frame output equals that of the whole clip at once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class BandedSelfAttention(nn.Module):
    """Multi-head causal self-attention with a band and a bias per head and lag."""

    def __init__(self, width: int, heads: int, band: int) -> None:
        """
        Build the layer.

        Args:
            width: channels, a multiple of `heads`.
            heads: attention heads.
            band: frames a frame attends to, itself included.
        """
        super().__init__()
        if width % heads:
            raise ValueError(f'{width=} is no multiple of {heads=}')
        self.heads = heads
        self.band = band
        self.to_qkv = nn.Linear(width, 3 * width)
        self.to_output = nn.Linear(width, width)
        self.lag_bias = nn.Parameter(torch.zeros(heads, band))

    def forward(self, x: Tensor, past: Tensor, filled: Tensor) -> tuple[Tensor, Tensor]:
        """
        Attend.

        Args:
            x: (B, T, width) new frames.
            past: (2, B, heads, P, width / heads) keys and values of the P frames before.
            filled: (B,) how many of those P frames are real (the newest ones).

        Returns:
            (B, T, width), and `past` for the next call: at most band - 1 frames.
        """
        batch, frames, width = x.shape
        qkv = self.to_qkv(x).view(batch, frames, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        kept = past.shape[-2]
        key = torch.cat((past[0], key), dim=-2)
        value = torch.cat((past[1], value), dim=-2)

        steps = torch.arange(kept + frames, device=x.device)
        lag = steps[kept:, None] - steps[None, :]
        in_band = (lag >= 0) & (lag < self.band)
        is_real = steps[None, :] >= kept - filled[:, None]
        bias = self.lag_bias[:, lag.clamp(0, self.band - 1)].masked_fill(~in_band, -torch.inf)
        if kept:
            bias = bias[None].masked_fill(~is_real[:, None, None, :], -torch.inf)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        out = self.to_output(mixed.transpose(1, 2).reshape(batch, frames, width))
        first = max(0, kept + frames - (self.band - 1))
        return out, torch.stack((key[..., first:, :], value[..., first:, :]))


class SharedDropout(nn.Module):
    """Dropout of channels for all frames of a window alike (Gal and Ghahramani, NeurIPS 2016)."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        """Drop channels of (B, T, channels)."""
        if not self.training or self.probability == 0.0:
            return x
        return x * functional.dropout(torch.ones_like(x[:, :1]), self.probability)


class BandedBlock(nn.Module):
    """A pre-norm transformer block around `BandedSelfAttention`."""

    def __init__(
        self, width: int, heads: int, band: int, dropout: float,
        dropout_type: Callable[[float], nn.Module] = nn.Dropout,
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = BandedSelfAttention(width, heads, band)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            dropout_type(dropout),
            nn.Linear(4 * width, width),
        )
        self.dropout = dropout_type(dropout)

    def forward(self, x: Tensor, past: Tensor, filled: Tensor) -> tuple[Tensor, Tensor]:
        """See `BandedSelfAttention.forward`."""
        mixed, past = self.attention(self.attention_norm(x), past, filled)
        x = x + self.dropout(mixed)
        return x + self.dropout(self.feed_forward(x)), past
