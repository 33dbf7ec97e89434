# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoSa's first stage: frames of motion to tokens of ten scales, and back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.caq_autoencoder import (
    AutoencoderSizes, MotionDecoder, MotionEncoder,
)
from motion_avatar_ros.networks.codebook_averages import CodebookAverages
from motion_avatar_ros.networks.multiscale_quantizer import MultiscaleQuantizer, ScaleTokens


class MosaTokenizer(nn.Module):
    """CAQ-VAE and its quantiser; frames in and out are those of the data, not normalised."""

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(
        self, sizes: AutoencoderSizes, scales: Sequence[int], codes: Sequence[int]
    ) -> None:
        super().__init__()
        self.sizes = sizes
        self.frames_per_latent = sizes.frames_per_latent
        self.longest_frames = scales[-1] * sizes.frames_per_latent
        self.register_buffer('feature_mean', torch.zeros(sizes.features))
        self.register_buffer('feature_std', torch.ones(sizes.features))
        self.encoder = MotionEncoder(sizes)
        self.quantizer = MultiscaleQuantizer(scales, codes, sizes.latent)
        self.decoder = MotionDecoder(sizes)

    def scored(self, frames: Tensor) -> Tensor:
        """Return frames (..., features) with mean and deviation taken off."""
        return (frames - self.feature_mean) / self.feature_std

    def unscored(self, scored: Tensor) -> Tensor:
        """Return frames (..., features) as the data has them."""
        return self.feature_mean + self.feature_std * scored

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

    def tokens(self, frames: Tensor, counts: Tensor) -> ScaleTokens:
        """Tokenise frames (B, T, features) of clips of `counts` (B,) latents."""
        is_real = self.is_real(counts, frames.shape[1])
        return self.quantizer.encode(self.latents(frames, is_real), counts)

    def frames(self, latents: Tensor, counts: Tensor) -> Tensor:
        """Decode latents (B, N, latent) to frames (B, T, features) float32."""
        is_real = torch.arange(latents.shape[1], device=counts.device) < counts[:, None]
        return self.unscored(self.decoder(latents, is_real).float())

    def is_real(self, counts: Tensor, frames: int) -> Tensor:
        """Return which of so many frames (B, frames) clips of `counts` latents have."""
        steps = torch.arange(frames, device=counts.device)
        return steps < counts[:, None] * self.frames_per_latent


class TokenizerLearner(nn.Module):
    """A tokeniser with what it needs while it learns."""

    def __init__(self, tokenizer: MosaTokenizer) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.averages = CodebookAverages(tokenizer.quantizer.codes, tokenizer.sizes.latent)

    def forward(self, frames: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        Pass frames through their tokens; in training the codes follow.

        Args:
            frames: (B, T, features).
            counts: (B,) latents of each clip.

        Returns:
            Scored frames (B, T, features); the codebook term, by which phi learns what is left
            before its layer; the commitment of the encoder. Terms are means per number of a
            real latent and layer.
        """
        tokenizer = self.tokenizer
        latents = tokenizer.latents(frames, tokenizer.is_real(counts, frames.shape[1]))
        with torch.autocast(latents.device.type, enabled=False):
            found = tokenizer.quantizer.encode(latents, counts)
            layers, residuals = torch.stack(found.layers), torch.stack(found.residuals)
            numbers = counts.sum() * latents.shape[-1] * len(layers)
            codebook = (layers - residuals.detach()).square().sum() / numbers
            commitment = (layers.detach() - residuals).square().sum() / numbers
            # Gradients reach phi as they are and the encoder straight through.
            passed = layers.sum(dim=0) + latents - latents.detach()
            if self.training:
                self.averages.update(tokenizer.quantizer, found.residuals, counts)
        is_real = torch.arange(latents.shape[1], device=counts.device) < counts[:, None]
        return tokenizer.decoder(passed, is_real).float(), codebook, commitment
