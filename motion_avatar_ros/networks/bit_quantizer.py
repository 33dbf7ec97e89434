# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
ScaleMoGen's residual quantiser of bits, map after map (arXiv 2605.11704, section 3).

At each map what is left of the latents is averaged over the map's cells; the signs of a mean are
the bits of its token, and the corner of a cube on the unit sphere that they name is brought back
and taken off (binary spherical quantisation, Zhao et al., 2024). No codebook: of 16 bits there
are 65,536 tokens. The sum over all maps stands for the latents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from motion_avatar_ros.networks.part_scales import PARTS, PartScales


@dataclass(frozen=True)
class BitTokens:
    """
    Latents as bits.

    Attributes:
        tokens: of each map (B, S, G, bits) bool, those of what was left; cells beyond a clip's
            own length mean nothing.
        layers: of each map (B, N, 7 bits) what it adds to the sum.
        directions: of each map (B, S, G, bits) means of what was left, of length one.
    """

    tokens: list[Tensor]
    layers: list[Tensor]
    directions: list[Tensor]


class BitQuantizer(nn.Module):
    """Bits of every cell of every map; nothing is learnt."""

    def __init__(self, lengths: Sequence[int], groups: Sequence[int], bits: int) -> None:
        """
        Build.

        Args:
            lengths: of each map, for the longest clip.
            groups: of parts of each map.
            bits: of a token: channels of a part's latent.
        """
        super().__init__()
        if bits < 1:
            raise ValueError(f'{bits=} tell nothing')
        self.bits = bits
        self.channels = PARTS * bits
        self.scales = PartScales(lengths, groups)

    def __len__(self) -> int:
        return len(self.scales)

    def code(self, tokens: Tensor) -> Tensor:
        """Return the points (..., bits) of the unit sphere that tokens (..., bits) name."""
        return (2.0 * tokens.float() - 1.0) * self.bits ** -0.5

    def encode(
        self, latents: Tensor, counts: Tensor, is_used: Tensor | None = None,
        flips: Sequence[float | Tensor] | None = None,
    ) -> BitTokens:
        """
        Quantise.

        Args:
            latents: (B, N, 7 bits) float32, zero beyond each clip.
            counts: (B,) latents of each clip, at least 1.
            is_used: (B, maps), 0 where a map of a clip adds nothing; None uses all.
            flips: of each map the share of bits turned over, by chance, before they are taken
                off: later maps mend it. The tokens returned are those of before.
        """
        found = BitTokens([], [], [])
        residual = latents
        for index in range(len(self)):
            means = self.scales.down(residual, index, counts)
            found.directions.append(functional.normalize(means, dim=-1))
            tokens = means.detach() > 0.0
            found.tokens.append(tokens)
            if flips is not None:
                chance = torch.rand(tokens.shape, device=tokens.device)
                tokens = tokens ^ (chance < flips[index])
            layer = self.layer(tokens, index, counts, latents.shape[1])
            if is_used is not None:
                layer = layer * is_used[:, index, None, None]
            found.layers.append(layer)
            residual = residual - layer
        return found

    def nearest(self, residual: Tensor, index: int, counts: Tensor) -> Tensor:
        """Return the tokens (B, S, G, bits) of a map for what is left (B, N, 7 bits)."""
        return self.scales.down(residual, index, counts) > 0.0

    def layer(self, tokens: Tensor, index: int, counts: Tensor, latents: int) -> Tensor:
        """Return what tokens of a map add, (B, latents, 7 bits), zero beyond each clip."""
        return self.scales.up(self.code(tokens), index, counts, latents)

    def decode(self, tokens: Sequence[Tensor], counts: Tensor, latents: int) -> Tensor:
        """Return the sum (B, latents, 7 bits) of the maps whose tokens are given."""
        total = self.layer(tokens[0], 0, counts, latents)
        for index, given in enumerate(tokens[1:], 1):
            total = total + self.layer(given, index, counts, latents)
        return total

    def inputs(self, layers: Sequence[Tensor], counts: Tensor) -> list[Tensor]:
        """Return of maps 1 on the sum of the layers before, averaged to (B, S, G, bits)."""
        total, found = torch.zeros((), device=counts.device), []
        for index, layer in enumerate(layers[:len(self) - 1], 1):
            total = total + layer
            found.append(self.scales.down(total, index, counts))
        return found
