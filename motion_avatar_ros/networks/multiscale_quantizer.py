# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoSa's residual quantiser, each layer at a temporal scale of its own (arXiv 2511.01200, eq. 1-4).

Layer q averages what is left of the latents to its length, takes the code of the greatest cosine
for each token, interpolates the codes back, mends that with a small convolution (phi) and takes
it off. The sum of all layers stands for the latents. What the transformer sees before scale q + 1
is the sum of the layers up to q: both are computed here, by the same operations.

Differs from the authors' code: phi has a straight path, as VAR's has, and no rectifier at its
end, behind which no layer could take anything off.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from motion_avatar_ros.networks.residual_quantizer import ResidualQuantizer
from motion_avatar_ros.networks.token_scales import ScaleResampling


class Phi(nn.Module):
    """Mends what interpolation blurs: two convolutions beside a straight path."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_in = nn.Conv1d(channels, channels, 3, padding=1)
        self.conv_out = nn.Conv1d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        assert self.conv_out.bias is not None
        nn.init.zeros_(self.conv_out.bias)

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, N, C), zero where `is_real` (B, N, 1) is 0, to the same."""
        h = functional.relu(self.conv_in(x.transpose(1, 2))) * is_real.transpose(1, 2)
        return (x + self.conv_out(h).transpose(1, 2)) * is_real


class MultiscaleQuantizer(ResidualQuantizer):
    """Q layers of codes, each of a length of its own, that share no convolutions either."""

    def __init__(self, scales: Sequence[int], codes: Sequence[int], channels: int) -> None:
        """
        Build.

        Args:
            scales: tokens of each layer for the longest clip, growing.
            codes: codes of each layer.
            channels: of a latent and of a code.
        """
        super().__init__(codes, channels)
        if len(scales) != len(codes):
            raise ValueError(f'{len(scales)} scales, but {len(codes)} codebooks')
        self.resampling = ScaleResampling(scales)
        self.phi = nn.ModuleList(Phi(channels) for _ in codes)

    def lengths(self, counts: Tensor) -> Tensor:
        """Return the tokens (B, layers) that clips of `counts` (B,) latents have."""
        return self.resampling.lengths[counts]

    def nearest(self, residual: Tensor, layer: int, counts: Tensor) -> Tensor:
        """Return the tokens (B, S) of a layer for what is left (B, N, C)."""
        return self.assigned(self.resampling.down(residual, layer, counts), layer)

    def assigned(self, vectors: Tensor, layer: int) -> Tensor:
        """Return the codes (...) of greatest cosine with vectors (..., C)."""
        # A vector's own length changes no order: only codes are brought to unit length.
        return (vectors.detach() @ functional.normalize(self.codebook(layer), dim=-1).T).argmax(-1)

    def layer(self, tokens: Tensor, layer: int, counts: Tensor, latents: int) -> Tensor:
        """Return what tokens (B, S) of a layer add, (B, latents, C), zero beyond each clip."""
        is_real = torch.arange(latents, device=counts.device) < counts[:, None]
        found = functional.embedding(tokens, self.codebook(layer))
        raised = self.resampling.up(found, layer, counts, latents)
        return self.phi[layer](raised, is_real[..., None].to(raised.dtype))

    def inputs(
        self, tokens: Sequence[Tensor], counts: Tensor, latents: int
    ) -> list[Tensor]:
        """
        Return what comes before each scale but the first, from the tokens of those before it.

        Args:
            tokens: (B, S) of the scales but the last; more are not looked at.
            counts: (B,) latents of each clip.
            latents: N.

        Returns:
            For scales 1 to Q - 1 the sum of all layers before, averaged to (B, S, C).
        """
        total, found = torch.zeros((), device=counts.device), []
        for layer in range(len(self) - 1):
            total = total + self.layer(tokens[layer], layer, counts, latents)
            found.append(self.resampling.down(total, layer + 1, counts))
        return found
