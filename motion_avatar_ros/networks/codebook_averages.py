# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Codebooks as running averages of the latents they stand for (van den Oord et al., 2017, A.1).

MoSa's way: counts and sums come from all positions of what is left before a layer, not from the
few averages that are looked up, so that more codes are used; a code that is hardly used
becomes a latent of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.residual_quantizer import ResidualQuantizer

_DECAY = 0.99
_LEAST_USE = 1.0    # of a code, per batch
_NEW_USE = 2.0      # of one that was replaced: it has some 70 batches to be found useful
_JITTER = 0.01      # between codes that begin as the same latent, relative


class CodebookAverages(nn.Module):
    """Counts and sums of a quantiser's codes; needed while it learns only."""

    def __init__(self, codes: Sequence[int], channels: int) -> None:
        super().__init__()
        for layer, count in enumerate(codes):
            self.register_buffer(f'counts_{layer}', torch.full((count,), _NEW_USE))
            self.register_buffer(f'sums_{layer}', torch.zeros(count, channels))

    @torch.no_grad()
    def begin(self, quantizer: ResidualQuantizer, latents: Tensor, counts: Tensor) -> None:
        """Make latents of a first batch the codes, layer after layer; see `update`."""
        residual = latents
        is_real = _is_real(latents, counts)
        for layer in range(len(quantizer)):
            book = quantizer.codebook(layer)
            found = _drawn(residual[is_real], len(book))
            spread = _JITTER * residual[is_real].std()
            book.copy_(found + spread * torch.randn_like(found))
            self.get_buffer(f'sums_{layer}').copy_(_NEW_USE * book)
            tokens = quantizer.nearest(residual, layer, counts)
            residual = residual - quantizer.layer(tokens, layer, counts, latents.shape[1])

    @torch.no_grad()
    def update(
        self, quantizer: ResidualQuantizer, residuals: Sequence[Tensor], counts: Tensor
    ) -> None:
        """
        Move the codes.

        Args:
            quantizer: its codebooks are changed in place.
            residuals: of each layer (B, N, C) what is left before it.
            counts: (B,) latents of each clip.
        """
        is_real = _is_real(residuals[0], counts)
        for layer, residual in enumerate(residuals):
            book = quantizer.codebook(layer)
            flat = residual.detach().flatten(0, 1)
            weight = is_real.flatten().to(flat.dtype)
            codes = quantizer.assigned(flat, layer)
            used = torch.zeros_like(book[:, 0]).index_add_(0, codes, weight)
            total = torch.zeros_like(book).index_add_(0, codes, flat * weight[:, None])
            if torch.distributed.is_available() and torch.distributed.is_initialized():
                torch.distributed.all_reduce(used)
                torch.distributed.all_reduce(total)
            uses, sums = self.get_buffer(f'counts_{layer}'), self.get_buffer(f'sums_{layer}')
            uses.mul_(_DECAY).add_(used, alpha=1.0 - _DECAY)
            sums.mul_(_DECAY).add_(total, alpha=1.0 - _DECAY)
            # No question asked of the values: the step may be part of a CUDA graph.
            is_idle = (uses < _LEAST_USE)[:, None]
            drawn = flat[torch.multinomial(weight, len(book), replacement=True)]
            sums.copy_(torch.where(is_idle, _NEW_USE * drawn, sums))
            uses.masked_fill_(is_idle[:, 0], _NEW_USE)
            book.copy_(sums / uses[:, None])


def _is_real(latents: Tensor, counts: Tensor) -> Tensor:
    return torch.arange(latents.shape[1], device=counts.device) < counts[:, None]


def _drawn(vectors: Tensor, count: int) -> Tensor:
    """Return rows drawn at random, none twice before all were."""
    rounds = -(-count // len(vectors))
    order = torch.cat([torch.randperm(len(vectors)) for _ in range(rounds)])[:count]
    return vectors[order.to(vectors.device)]
