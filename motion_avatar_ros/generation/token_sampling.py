# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Drawing tokens by chance, and what of a motion stays; for samplers of any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class KeptLatents:
    """
    What stays.

    Attributes:
        latents: (B, N, latent), of no account where nothing is kept.
        is_kept: (B, N) bool.
    """

    latents: Tensor
    is_kept: Tensor


class TokenSampler(Protocol):
    """Draws clips from networks at rest."""

    def draw(
        self, words: tuple[Tensor, Tensor], silence: tuple[Tensor, Tensor], counts: Tensor,
        generators: Sequence[torch.Generator], kept: KeptLatents | None = None,
    ) -> Tensor:
        """
        Return the latents (B, N, latent) of new clips, N that of the longest.

        Args:
            words: see `spoken_words`, (B, L, text) and (B, L).
            silence: the same for nothing said.
            counts: (B,) latents of each clip.
            generators: of each clip, on the CPU: the same numbers on every device.
            kept: what stays.
        """


def drawn_tokens(
    logits: Tensor, generators: Sequence[torch.Generator], top_k: float, top_p: float,
    temperature: float,
) -> Tensor:
    """
    Return tokens (B, S) by chance, on the device of the logits.

    Args:
        logits: (B, S, codes).
        generators: of each clip, on the CPU: the same numbers on every device.
        top_k: share of the codes that can be drawn,
        top_p: of those the likeliest with this probability together.
        temperature: by which logits are divided.
    """
    most = max(1, math.ceil(top_k * logits.shape[-1]))
    # On the CPU, where the generators are.
    values, codes = (logits.cpu() / temperature).topk(most, dim=-1)
    probability = values.softmax(dim=-1)
    before = probability.cumsum(dim=-1) - probability
    probability = probability.masked_fill(before >= top_p, 0.0)
    chosen = torch.stack([
        torch.multinomial(each, 1, generator=generator)
        for each, generator in zip(probability, generators, strict=True)])
    return codes.gather(-1, chosen)[..., 0].to(logits.device)
