# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames of motion to tokens, and back: an autoencoder around a residual quantiser."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.caq_autoencoder import (
    AutoencoderSizes, MotionDecoder, MotionEncoder,
)
from motion_avatar_ros.networks.codebook_averages import CodebookAverages
from motion_avatar_ros.networks.frame_tokenizer import FrameTokenizer
from motion_avatar_ros.networks.residual_quantizer import ResidualQuantizer


class MotionTokenizer(FrameTokenizer):
    """MoSa's CAQ-VAE and a quantiser; frames in and out are the data's, not normalised."""

    encoder: MotionEncoder
    quantizer: ResidualQuantizer
    decoder: MotionDecoder

    def __init__(self, sizes: AutoencoderSizes, quantizer: ResidualQuantizer) -> None:
        super().__init__(sizes.features, sizes.frames_per_latent)
        self.sizes = sizes
        self.encoder = MotionEncoder(sizes)
        self.quantizer = quantizer
        self.decoder = MotionDecoder(sizes)


class TokenizerLearner(nn.Module):
    """A tokeniser with what it needs while it learns."""

    def __init__(self, tokenizer: MotionTokenizer, layer_dropout: float = 0.0) -> None:
        """
        Build.

        Args:
            tokenizer: learns.
            layer_dropout: share of the clips decoded from their first layers only, any number
                of them, in training: coarse layers have to tell a motion by themselves.
        """
        super().__init__()
        if not 0.0 <= layer_dropout <= 1.0:
            raise ValueError(f'{layer_dropout=} is no share')
        self.tokenizer = tokenizer
        self._layer_dropout = layer_dropout
        self.averages = CodebookAverages(tokenizer.quantizer.codes, tokenizer.sizes.latent)

    def forward(self, frames: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        Pass frames through their tokens; in training the codes follow.

        Args:
            frames: (B, T, features).
            counts: (B,) latents of each clip.

        Returns:
            Scored frames (B, T, features); the codebook term, by which phi, where there is one,
            learns what is left before its layer; the commitment of the encoder. Terms are means
            per number of a real latent and layer.
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
            passed = self._thinned(layers).sum(dim=0) + latents - latents.detach()
            if self.training:
                self.averages.update(tokenizer.quantizer, found.residuals, counts)
        is_real = torch.arange(latents.shape[1], device=counts.device) < counts[:, None]
        return tokenizer.decoder(passed, is_real).float(), codebook, commitment

    def _thinned(self, layers: Tensor) -> Tensor:
        """Return layers (Q, B, N, C), those beyond the first ones of some clips zero."""
        if not (self.training and self._layer_dropout):
            return layers
        count, clips = layers.shape[:2]
        is_cut = torch.rand(clips, device=layers.device) < self._layer_dropout
        kept = torch.randint(1, count + 1, (clips,), device=layers.device)
        is_left = torch.arange(count, device=layers.device)[:, None] < (
            torch.where(is_cut, kept, count))
        return layers * is_left[..., None, None]
