# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Codebooks fitted anew to the latents of a trained encoder, which stays as it is.

Lloyd's k-means, and random restarts of codes that are hardly used (Dhariwal et al., Jukebox,
2020, section 3.1): they go to where latents are, so that codes become finer there. Gradients
alone leave codes behind that the encoder has moved away from.
"""

from __future__ import annotations

import torch
from torch import Tensor

from motion_avatar_ros.networks.product_quantizer import ProductQuantizer

_HARDLY_USED = 0.2          # of the fair share of latents
_ROUNDS = 60                # at most, each a step of k-means and the restarts after it
_SETTLING_STEPS = 10        # of k-means, after the last restart


@torch.no_grad()
def refit_codebooks(
    quantizer: ProductQuantizer, latents: Tensor, random: torch.Generator
) -> None:
    """
    Move the codes to the latents, in place, until each is used or the rounds are over.

    Args:
        quantizer: of the encoder.
        latents: (N, groups x channels) of training motion, N many times the entries.
        random: on the CPU; decides which latents unused codes are put on.
    """
    grouped = quantizer.grouped(latents)
    for _ in range(_ROUNDS):
        is_idle = _step(quantizer, grouped) < _HARDLY_USED
        if not is_idle.any():
            break
        which = torch.randint(
            grouped.shape[1], (*is_idle.shape, 1), generator=random).to(grouped.device)
        picked = grouped.gather(1, which.expand(-1, -1, grouped.shape[-1]))
        quantizer.codebooks.copy_(torch.where(is_idle[..., None], picked, quantizer.codebooks))
    for _ in range(_SETTLING_STEPS):
        quantizer.use.copy_(_step(quantizer, grouped))


def _step(quantizer: ProductQuantizer, grouped: Tensor) -> Tensor:
    """Put each code at the mean of its latents (G, N, C); return its share, 1 the fair one."""
    codes = torch.cdist(grouped, quantizer.codebooks).argmin(dim=-1)
    counts = torch.zeros_like(quantizer.use).scatter_add_(
        1, codes, torch.ones_like(codes, dtype=quantizer.use.dtype))
    sums = torch.zeros_like(quantizer.codebooks).scatter_add_(
        1, codes[..., None].expand_as(grouped), grouped)
    means = sums / counts.clamp_min(1.0)[..., None]
    quantizer.codebooks.copy_(
        torch.where(counts[..., None] > 0.0, means, quantizer.codebooks))
    return counts * (quantizer.entries / grouped.shape[1])
