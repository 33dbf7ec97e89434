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
        quantizer: has `decode`, from tokens to latents.
    """

    feature_mean: Tensor
    feature_std: Tensor
    quantizer: Any

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
        """Encode frames (B, T, features), real in (B, T), to (B, N, latent)."""
        raise NotImplementedError

    def tokens(self, frames: Tensor, counts: Tensor) -> Any:
        """Tokenise frames (B, T, features) of clips of `counts` (B,) latents."""
        raise NotImplementedError

    def frames(self, latents: Tensor, counts: Tensor) -> Tensor:
        """Decode latents (B, N, latent) of clips of `counts` (B,) to (B, T, features)."""
        raise NotImplementedError

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
