# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoSa's CAQ-VAE: convolutions, and attention at the lowest rate (arXiv 2511.01200, section 3).

The encoder quarters the frames of a clip, the decoder brings them back. Clips of different
lengths share a batch without touching each other (`masked_blocks`).

Differs from the paper: a linear path from frames to latents, and one back, beside each. What a
linear map can carry need not be learnt by convolutions, and is learnt at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from motion_avatar_ros.networks.masked_blocks import (
    Doubling, FrameAttention, Halving, MaskedGroupNorm, ResidualBlock,
)


@dataclass(frozen=True)
class AutoencoderSizes:
    """
    Sizes of the encoder and the decoder.

    Attributes:
        features: numbers of a frame.
        width: channels of the first level.
        multipliers: channels of each level in widths; each level but the last halves the frames.
        encoder_blocks: residual blocks of a level of the encoder.
        decoder_blocks: of the decoder.
        latent: channels of a latent.
        dropout: inside residual blocks.
    """

    features: int
    width: int
    multipliers: tuple[int, ...]
    encoder_blocks: int
    decoder_blocks: int
    latent: int
    dropout: float

    @property
    def frames_per_latent(self) -> int:
        """Frames that become one latent."""
        return 2 ** (len(self.multipliers) - 1)


class Level(nn.Module):
    """Residual blocks of a rate, each with attention after it at the lowest one."""

    def __init__(
        self, channels: int, out_channels: int, blocks: int, has_attention: bool, dropout: float
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            ResidualBlock(channels if block == 0 else out_channels, out_channels, dropout)
            for block in range(blocks))
        self.attention = nn.ModuleList(
            FrameAttention(out_channels) for _ in range(blocks if has_attention else 0))

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, C, T) to (B, out, T)."""
        for number, block in enumerate(self.blocks):
            x = block(x, is_real)
            if len(self.attention):
                x = self.attention[number](x, is_real)
        return x


class Middle(nn.Module):
    """Block, attention, block at the lowest rate."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.first = ResidualBlock(channels, channels, dropout)
        self.attention = FrameAttention(channels)
        self.last = ResidualBlock(channels, channels, dropout)

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Mix (B, C, T)."""
        return self.last(self.attention(self.first(x, is_real), is_real), is_real)


class MotionEncoder(nn.Module):
    """Frames to latents."""

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        widths = [sizes.width * multiplier for multiplier in sizes.multipliers]
        last = len(widths) - 1
        self.embed = nn.Conv1d(sizes.features, sizes.width, 3, padding=1)
        self.levels = nn.ModuleList(
            Level(widths[level - 1] if level else sizes.width, width,
                  sizes.encoder_blocks, level == last, sizes.dropout)
            for level, width in enumerate(widths))
        self.halvings = nn.ModuleList(Halving(width) for width in widths[:-1])
        self.middle = Middle(widths[-1], sizes.dropout)
        self.norm = MaskedGroupNorm(widths[-1])
        self.to_latent = nn.Conv1d(widths[-1], sizes.latent, 3, padding=1)
        self.straight = nn.Conv1d(
            sizes.features, sizes.latent, sizes.frames_per_latent, sizes.frames_per_latent)

    def forward(self, frames: Tensor, is_real: Tensor) -> Tensor:
        """
        Encode.

        Args:
            frames: (B, T, features), T a multiple of the frames per latent.
            is_real: (B, T) bool, alike for the frames of a latent.

        Returns:
            (B, N, latent), zero where nothing is real.
        """
        real = is_real.to(frames.dtype)[:, None]
        frames = frames.transpose(1, 2) * real
        x, straight = self.embed(frames), self.straight(frames)
        real = real.to(x.dtype)  # that of autocast, where there is one
        x = x * real
        for number, level in enumerate(self.levels):
            x = level(x, real)
            if number < len(self.halvings):
                real = real[..., ::2]
                x = self.halvings[number](x, real)
        x = functional.silu(self.norm(self.middle(x, real), real)) * real
        return ((self.to_latent(x) + straight) * real).transpose(1, 2)


class MotionDecoder(nn.Module):
    """Latents to frames."""

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        widths = [sizes.width * multiplier for multiplier in reversed(sizes.multipliers)]
        self.embed = nn.Conv1d(sizes.latent, widths[0], 3, padding=1)
        self.middle = Middle(widths[0], sizes.dropout)
        self.levels = nn.ModuleList(
            Level(widths[max(0, level - 1)], width, sizes.decoder_blocks, level == 0,
                  sizes.dropout)
            for level, width in enumerate(widths))
        self.doublings = nn.ModuleList(Doubling(width) for width in widths[:-1])
        self.norm = MaskedGroupNorm(widths[-1])
        self.to_frame = nn.Conv1d(widths[-1], sizes.features, 3, padding=1)
        self.straight = nn.ConvTranspose1d(
            sizes.latent, sizes.features, sizes.frames_per_latent, sizes.frames_per_latent)

    def forward(self, latents: Tensor, is_real: Tensor) -> Tensor:
        """
        Decode.

        Args:
            latents: (B, N, latent).
            is_real: (B, N) bool.

        Returns:
            Frames (B, T, features), zero where nothing is real.
        """
        real = is_real.to(latents.dtype)[:, None]
        latents = latents.transpose(1, 2) * real
        x, straight = self.embed(latents), self.straight(latents)
        real = real.to(x.dtype)
        x = self.middle(x * real, real)
        for number, level in enumerate(self.levels):
            x = level(x, real)
            if number < len(self.doublings):
                real = real.repeat_interleave(2, dim=-1)
                x = self.doublings[number](x, real)
        x = functional.silu(self.norm(x, real)) * real
        return ((self.to_frame(x) + straight) * real).transpose(1, 2)
