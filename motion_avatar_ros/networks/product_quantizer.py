# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Vector quantisation by groups, with codes that never die.

SAGE's quantiser (Feng et al., CVPR 2024): a latent is cut into groups, each with a codebook of
its own, so that G codebooks of K codes tell K^G latents apart. Codes learn by gradient, straight
through; one that is hardly used moves towards a latent of the batch that is close to it (Zheng
and Vedaldi, CVQ-VAE, ICCV 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_COMMITMENT = 0.25
_UNQUANTISED = 0.5      # share of training latents that pass as they are: decoders learn sooner
_USE_DECAY = 0.99
_REVIVAL = 10.0         # a code with a tenth of its fair share moves by a third of the way
_LEAST_MOVE = 1e-3      # smaller moves are not made: used codes stay where gradients put them


@dataclass(frozen=True)
class Quantized:
    """
    Latents on their codes.

    Attributes:
        latents: (..., groups x channels) the codes, with the gradient of what was quantised.
        codes: (..., groups) indices.
        loss: codebook and commitment terms, a scalar.
    """

    latents: Tensor
    codes: Tensor
    loss: Tensor


class ProductQuantizer(nn.Module):
    """Codebooks (groups, entries, channels)."""

    use: Tensor

    def __init__(self, groups: int, entries: int, channels: int) -> None:
        super().__init__()
        self.groups = groups
        self.entries = entries
        self.channels = channels
        self.codebooks = nn.Parameter(
            torch.randn(groups, entries, channels))
        # Running share of latents on each code, 1 being the fair one.
        self.register_buffer('use', torch.zeros(groups, entries))

    def forward(self, latents: Tensor) -> Quantized:
        """Quantise (..., groups x channels); in training, also move codes that lie idle."""
        flat = self.grouped(latents)
        distances = torch.cdist(flat.detach(), self.codebooks.detach())
        codes = distances.argmin(dim=-1)
        chosen = torch.gather(
            self.codebooks, 1, codes[..., None].expand(-1, -1, self.channels))
        loss = (flat.detach() - chosen).square().mean() + (
            _COMMITMENT * (flat - chosen.detach()).square().mean())
        straight = flat + (chosen - flat).detach()
        if self.training:
            passes = torch.rand(1, flat.shape[1], 1, device=flat.device) < _UNQUANTISED
            straight = torch.where(passes, flat, straight)
            self._revive(flat.detach(), distances, codes)
        return Quantized(
            straight.transpose(0, 1).reshape(latents.shape),
            codes.transpose(0, 1).reshape(*latents.shape[:-1], self.groups), loss)

    def grouped(self, latents: Tensor) -> Tensor:
        """Return what codes stand for, (groups, N, channels), of (..., groups x channels)."""
        flat = latents.reshape(-1, self.groups, self.channels).transpose(0, 1)
        # Of unit variance: an encoder that fled to a single point would please the loss too.
        return functional.layer_norm(flat, (self.channels,))

    @torch.no_grad()
    def _revive(self, flat: Tensor, distances: Tensor, codes: Tensor) -> None:
        counts = torch.zeros_like(self.use).scatter_add_(
            1, codes, torch.ones_like(codes, dtype=self.use.dtype))
        share = counts * (self.entries / flat.shape[1])
        self.use.mul_(_USE_DECAY).add_(share, alpha=1.0 - _USE_DECAY)
        # In place and after the graph was made from a copy: gradients are those of before.
        near = torch.gather(
            flat, 1, distances.argmin(dim=1)[..., None].expand(-1, -1, self.channels))
        move = torch.exp(-_REVIVAL * self.use)
        move = torch.where(move > _LEAST_MOVE, move, torch.zeros_like(move))
        self.codebooks.data.lerp_(near, move[..., None])
