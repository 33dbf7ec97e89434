# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen's first stage: frames of motion to bits of parts of the body, and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from motion_avatar_ros.networks.bit_quantizer import BitQuantizer
from motion_avatar_ros.networks.frame_tokenizer import FrameTokenizer
from motion_avatar_ros.networks.joint_features import FRAME_WIDTH
from motion_avatar_ros.networks.skeleton_autoencoder import (
    FRAMES_PER_LATENT, SkeletonDecoder, SkeletonEncoder, SkeletonSizes,
)

_SHARPNESS = 100.0      # Of a bit's probability, by how far its direction is from zero.
_ENTROPY = 0.1
_COMMITMENT = 0.25


class SkeletonTokenizer(FrameTokenizer):
    """
    Autoencoder and quantiser; frames in and out are those of the data, not normalised.

    Latents are (B, N, 7 bits), part after part.
    """

    encoder: SkeletonEncoder
    quantizer: BitQuantizer
    decoder: SkeletonDecoder

    def __init__(self, sizes: SkeletonSizes, quantizer: BitQuantizer) -> None:
        super().__init__(FRAME_WIDTH, FRAMES_PER_LATENT)
        self.sizes = sizes
        self.encoder = SkeletonEncoder(sizes)
        self.quantizer = quantizer
        self.decoder = SkeletonDecoder(sizes)


class BitLearner(nn.Module):
    """A tokeniser with what it needs while it learns."""

    def __init__(self, tokenizer: SkeletonTokenizer, scale_dropout: float) -> None:
        """
        Build.

        Args:
            tokenizer: learns.
            scale_dropout: share of the maps, all but the last, that add nothing in training:
                the others have to tell a motion without them.
        """
        super().__init__()
        if not 0.0 <= scale_dropout < 1.0:
            raise ValueError(f'{scale_dropout=} is no share')
        self.tokenizer = tokenizer
        self._scale_dropout = scale_dropout

    def forward(self, frames: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """
        Pass frames through their tokens.

        Args:
            frames: (B, T, 269).
            counts: (B,) latents of each clip.

        Returns:
            Scored frames (B, T, 269); the bits' term: that directions are near their codes, each
            cell sure of its bits and every bit in use; the mean square of what is left.
        """
        tokenizer = self.tokenizer
        quantizer = tokenizer.quantizer
        latents = tokenizer.latents(frames, tokenizer.is_real(counts, frames.shape[1]))
        with torch.autocast(latents.device.type, enabled=False):
            is_used = None
            if self.training:
                is_used = torch.rand(
                    len(counts), len(quantizer), device=counts.device) >= self._scale_dropout
                is_used[:, -1] = True
            found = quantizer.encode(latents, counts, is_used)
            total = torch.stack(found.layers).sum(dim=0)
            numbers = counts.sum() * latents.shape[-1]
            left = (latents - total.detach()).square().sum() / numbers
            terms = [
                _bit_term(quantizer, tokens, directions, is_cell) for tokens, directions, is_cell
                in zip(found.tokens, found.directions, quantizer.scales.is_cell(counts),
                       strict=True)]
            # The decoder's gradient reaches the encoder straight through.
            passed = total + latents - latents.detach()
        is_real = torch.arange(latents.shape[1], device=counts.device) < counts[:, None]
        return tokenizer.decoder(passed, is_real).float(), torch.stack(terms).mean(), left


def _bit_term(
    quantizer: BitQuantizer, tokens: Tensor, directions: Tensor, is_cell: Tensor
) -> Tensor:
    """Return a map's auxiliary loss: commitment, and entropy of a cell less that of all."""
    weight = is_cell[..., None, None].float()
    cells = weight.sum() * directions.shape[2]
    off = (directions - quantizer.code(tokens)).square().mean(dim=-1, keepdim=True)
    logits = 4.0 * _SHARPNESS * quantizer.bits ** -0.5 * directions
    probability = logits.sigmoid()
    # -p log p - (1 - p) log (1 - p), finite for any logit.
    entropy = functional.softplus(logits) - probability * logits
    of_cells = (entropy.sum(dim=-1, keepdim=True) * weight).sum() / cells
    mean = ((probability * weight).sum(dim=(0, 1, 2)) / cells).clamp(1e-6, 1.0 - 1e-6)
    of_all = -(mean * mean.log() + (1.0 - mean) * (1.0 - mean).log()).sum()
    return (_COMMITMENT * (off * weight).sum() / cells
            + _ENTROPY * (of_cells - of_all) / _SHARPNESS)
