# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Residual quantisation: each layer of codes stands for what the layers before it left.

The sum of the layers stands for the latents (Zeghidour et al., SoundStream, 2021, section III-C).
Here every layer has a token for every latent, as MoMask has; `multiscale_quantizer` gives each
layer a length of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class LayerTokens:
    """
    Latents as tokens.

    Attributes:
        tokens: of each layer (B, S) indices; those beyond a clip's own length mean nothing.
        layers: of each layer (B, N, C) what it adds to the sum.
        residuals: of each layer (B, N, C) what was left for it.
    """

    tokens: list[Tensor]
    layers: list[Tensor]
    residuals: list[Tensor]


class ResidualQuantizer(nn.Module):
    """Layers of codes that share no codebook."""

    def __init__(self, codes: Sequence[int], channels: int) -> None:
        """
        Build.

        Args:
            codes: codes of each layer.
            channels: of a latent and of a code.
        """
        super().__init__()
        if not codes or min(codes) < 1:
            raise ValueError(f'codes {tuple(codes)} leave a layer without any')
        self.codes = tuple(codes)
        self.channels = channels
        # Buffers: codes are averages of latents (`codebook_averages`), not learnt by gradient.
        for layer, count in enumerate(codes):
            self.register_buffer(f'codebook_{layer}', torch.randn(count, channels))

    def __len__(self) -> int:
        return len(self.codes)

    def codebook(self, layer: int) -> Tensor:
        """Return a layer's codes (K, C)."""
        return self.get_buffer(f'codebook_{layer}')

    def lengths(self, counts: Tensor) -> Tensor:
        """Return the tokens (B, layers) that clips of `counts` (B,) latents have."""
        return counts[:, None].expand(-1, len(self))

    def encode(self, latents: Tensor, counts: Tensor) -> LayerTokens:
        """
        Quantise.

        Args:
            latents: (B, N, C) float32, zero beyond each clip.
            counts: (B,) latents of each clip, at least 1.
        """
        found = LayerTokens([], [], [])
        residual = latents
        for layer in range(len(self)):
            found.residuals.append(residual)
            found.tokens.append(self.nearest(residual, layer, counts))
            found.layers.append(self.layer(found.tokens[-1], layer, counts, latents.shape[1]))
            residual = residual - found.layers[-1].detach()
        return found

    def nearest(self, residual: Tensor, layer: int, counts: Tensor) -> Tensor:
        """Return the tokens (B, S) of a layer for what is left (B, N, C)."""
        return self.assigned(residual, layer)

    def assigned(self, vectors: Tensor, layer: int) -> Tensor:
        """Return the codes (...) nearest to vectors (..., C)."""
        codes = self.codebook(layer)
        # |v - c|^2 without |v|^2, which is the same for all codes.
        return (vectors.detach() @ codes.T - 0.5 * codes.square().sum(dim=-1)).argmax(-1)

    def layer(self, tokens: Tensor, layer: int, counts: Tensor, latents: int) -> Tensor:
        """Return what tokens (B, S) of a layer add, (B, latents, C), zero beyond each clip."""
        is_real = torch.arange(latents, device=counts.device) < counts[:, None]
        return functional.embedding(tokens, self.codebook(layer)) * is_real[..., None]

    def decode(
        self, tokens: Sequence[Tensor], counts: Tensor, latents: int
    ) -> Tensor:
        """Return the sum (B, latents, C) of the layers whose tokens are given, from the first."""
        total = self.layer(tokens[0], 0, counts, latents)
        for layer, given in enumerate(tokens[1:], 1):
            total = total + self.layer(given, layer, counts, latents)
        return total
