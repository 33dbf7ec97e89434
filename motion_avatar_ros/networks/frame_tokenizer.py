# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What tokenisers of motion have in common: frames as the data has them, clips that do not mix."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn


class ClipSizes(Protocol):
    """What clips and words are to a generator of tokens, by its configuration."""

    @property
    def features(self) -> int:
        """Numbers of a frame."""

    @property
    def frames_per_latent(self) -> int:
        """Frames that become one latent."""

    @property
    def longest_frames(self) -> int:
        """Frames of the longest clip."""

    @property
    def text_encoder(self) -> str:
        """Its name."""

    @property
    def text(self) -> int:
        """Numbers of a word."""


class FrameTokenizer(nn.Module):
    """
    Keeps mean and deviation of the data's frames; networks and a quantiser are added to it.

    Attributes:
        frames_per_latent: frames that become one latent.
        encoder: from scored frames (B, T, features), real in (B, T), to latents (B, N, latent).
        quantizer: has `encode` to tokens, and `decode` from tokens to latents.
        decoder: from latents, real in (B, N), to scored frames.
    """

    feature_mean: Tensor
    feature_std: Tensor
    encoder: nn.Module
    quantizer: Any
    decoder: nn.Module

    def __init__(self, features: int, frames_per_latent: int) -> None:
        """
        Build.

        Args:
            features: numbers of a frame.
            frames_per_latent: frames that become one latent.
        """
        super().__init__()
        self.frames_per_latent = frames_per_latent
        self.register_buffer('feature_mean', torch.zeros(features))
        self.register_buffer('feature_std', torch.ones(features))

    def latents(self, frames: Tensor, is_real: Tensor) -> Tensor:
        """
        Encode.

        Args:
            frames: (B, T, features), T a multiple of `frames_per_latent`.
            is_real: (B, T) bool, alike for the frames of a latent; the others are not seen.

        Returns:
            (B, N, latent) float32, zero where nothing is real.
        """
        return self.encoder(self.scored(frames), is_real).float()

    def tokens(self, frames: Tensor, counts: Tensor) -> Any:
        """Tokenise frames (B, T, features) of clips of `counts` (B,) latents."""
        is_real = self.is_real(counts, frames.shape[1])
        return self.quantizer.encode(self.latents(frames, is_real), counts)

    def frames(self, latents: Tensor, counts: Tensor) -> Tensor:
        """Decode latents (B, N, latent) to frames (B, T, features) float32."""
        is_real = torch.arange(latents.shape[1], device=counts.device) < counts[:, None]
        return self.unscored(self.decoder(latents, is_real).float())

    def scored(self, frames: Tensor) -> Tensor:
        """Return frames (..., features) with mean and deviation taken off."""
        return (frames - self.feature_mean) / self.feature_std

    def unscored(self, scored: Tensor) -> Tensor:
        """Return frames (..., features) as the data has them."""
        return self.feature_mean + self.feature_std * scored

    def is_real(self, counts: Tensor, frames: int) -> Tensor:
        """Return which of so many frames (B, frames) clips of `counts` latents have."""
        steps = torch.arange(frames, device=counts.device)
        return steps < counts[:, None] * self.frames_per_latent
