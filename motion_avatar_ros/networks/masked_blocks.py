# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Convolution blocks for clips of different lengths in one batch.

What lies beyond a clip is zero before every convolution and left out of every mean and of every
attention: a clip comes out as it would alone, whatever it shares a batch with.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_EPSILON = 1e-6


class MaskedGroupNorm(nn.Module):
    """Group normalisation over the frames that are real; where all are, `nn.GroupNorm`."""

    def __init__(self, channels: int, groups: int = 4) -> None:
        super().__init__()
        if channels % groups:
            raise ValueError(f'{channels=} is no multiple of {groups=}')
        self.groups = groups
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Normalise (B, C, T), zero where `is_real` (B, 1, T) is 0; the rest comes out as any."""
        batch, channels, _ = x.shape
        grouped = x.float().unflatten(1, (self.groups, -1))
        count = (is_real.float().sum(dim=-1) * (channels // self.groups)).clamp_min(1.0)[..., None]
        mean = grouped.sum(dim=(2, 3))[..., None] / count
        square = grouped.square().sum(dim=(2, 3))[..., None] / count
        scale = (square - mean.square()).clamp_min(0.0).add(_EPSILON).rsqrt()
        # One multiplication and one addition per value: the rest is per channel.
        gain = self.weight.view(1, self.groups, -1) * scale
        shift = self.bias.view(1, self.groups, -1) - mean * gain
        return torch.addcmul(
            shift.reshape(batch, channels, 1).to(x.dtype), x,
            gain.reshape(batch, channels, 1).to(x.dtype))


class ResidualBlock(nn.Module):
    """Twice norm, SiLU, convolution of width 3 beside a straight path."""

    def __init__(self, channels: int, out_channels: int, dropout: float) -> None:
        super().__init__()
        self.norm_in = MaskedGroupNorm(channels)
        self.conv_in = nn.Conv1d(channels, out_channels, 3, padding=1)
        self.norm_out = MaskedGroupNorm(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv_out = nn.Conv1d(out_channels, out_channels, 3, padding=1)
        self.straight = nn.Identity() if channels == out_channels else nn.Conv1d(
            channels, out_channels, 1)

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, C, T) to (B, out, T); both are zero where `is_real` (B, 1, T) is 0."""
        h = functional.silu(self.norm_in(x, is_real)) * is_real
        h = self.conv_in(h) * is_real
        h = self.dropout(functional.silu(self.norm_out(h, is_real))) * is_real
        return (self.straight(x) + self.conv_out(h)) * is_real


class FrameAttention(nn.Module):
    """Self-attention of one head over all real frames, beside a straight path."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = MaskedGroupNorm(channels)
        self.to_qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.to_output = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Mix the frames of (B, C, T)."""
        qkv = self.to_qkv(self.norm(x, is_real)).transpose(1, 2)[:, None]
        query, key, value = qkv.chunk(3, dim=-1)
        # A bias instead of a mask: rows of a clip without frames stay finite.
        bias = (is_real - 1.0)[:, None] * 1e9
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=bias.to(query.dtype))
        return (x + self.to_output(mixed[:, 0].transpose(1, 2))) * is_real


class Halving(nn.Module):
    """Half as many frames, by a convolution of stride 2 that looks one frame ahead."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, C, T), T even, to (B, C, T / 2); `is_real` is that of the result."""
        return self.conv(functional.pad(x, (0, 1))) * is_real


class Doubling(nn.Module):
    """Twice as many frames: each one twice, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, C, T) to (B, C, 2 T); `is_real` is that of the result."""
        return self.conv(x.repeat_interleave(2, dim=-1) * is_real) * is_real
