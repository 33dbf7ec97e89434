# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames as a tokeniser's networks see them, and which of them are real."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ScoredFrames(nn.Module):
    """Keeps mean and deviation of the data's frames; a tokeniser's networks are added to it."""

    feature_mean: Tensor
    feature_std: Tensor

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
