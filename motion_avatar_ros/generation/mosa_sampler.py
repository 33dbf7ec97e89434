# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoSa's ten steps: every scale at once, from coarse to fine, guided more and more by the words.

Parts that are to stay are tokenised along the way: at each scale from what is left of them there,
given what was made so far. A token stays when it covers nothing but what stays, so that
what lies at an edge is made anew (arXiv 2511.01200, section 3.4, which masks the source's own
tokens instead; those no longer fit once coarser ones are new). With everything kept this is the
tokeniser, operation by operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from motion_avatar_ros.generation.token_sampling import KeptLatents, drawn_tokens
from motion_avatar_ros.networks.multiscale_quantizer import MultiscaleQuantizer


@dataclass(frozen=True)
class SamplerConfig:
    """How tokens are drawn."""

    guidance: float = 2.0       # At the finest scale; rises evenly from that of the coarsest.
    first_guidance: float = 0.0     # At the coarsest.
    top_k: float = 0.2          # Share of the codes that can be drawn,
    top_p: float = 0.95         # of those the likeliest with this probability together.
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not (self.guidance >= self.first_guidance >= 0.0 and 0.0 < self.top_k <= 1.0
                and 0.0 < self.top_p <= 1.0 and self.temperature > 0.0):
            raise ValueError(f'{self} cannot draw')


class ScaleByScale(Protocol):
    """What gives the logits of one scale after the other, as `ScaleTransformer` does."""

    def begin(self, words: Tensor, is_word: Tensor, counts: Tensor) -> Any:
        """Prepare to generate."""

    def step(self, generation: Any, inputs: Tensor | None, counts: Tensor) -> Tensor:
        """Return the logits of the next scale."""


class MosaSampler:
    """A `TokenSampler` from coarse to fine."""

    def __init__(
        self, quantizer: MultiscaleQuantizer, transformer: ScaleByScale, config: SamplerConfig
    ) -> None:
        self.quantizer = quantizer
        self.transformer = transformer
        self.config = config

    def draw(
        self, words: tuple[Tensor, Tensor], silence: tuple[Tensor, Tensor], counts: Tensor,
        generators: Sequence[torch.Generator], kept: KeptLatents | None = None,
    ) -> Tensor:
        """Return the latents (B, N, latent) of new clips; see `TokenSampler.draw`."""
        doubled = torch.cat((counts, counts))
        generation = self.transformer.begin(
            torch.cat((words[0], silence[0])), torch.cat((words[1], silence[1])), doubled)
        latents = self.quantizer.resampling.scales[-1]
        total = torch.zeros(
            len(counts), latents, self.quantizer.channels, device=counts.device)
        for scale in range(len(self.quantizer)):
            before = None
            if scale:
                before = self.quantizer.resampling.down(total, scale, counts)
                before = torch.cat((before, before))
            logits = self.transformer.step(generation, before, doubled)
            tokens = self._drawn(self._guided(logits.float(), scale), generators)
            if kept is not None:
                tokens = self._with_kept(tokens, total, scale, counts, kept)
            total = total + self.quantizer.layer(tokens, scale, counts, latents)
        return total

    def _guided(self, logits: Tensor, scale: int) -> Tensor:
        """Return the logits (B, S, codes) of those with words and without."""
        with_words, without = logits.chunk(2)
        first, last = self.config.first_guidance, self.config.guidance
        strength = first + (last - first) * scale / max(1, len(self.quantizer) - 1)
        return (1.0 + strength) * with_words - strength * without

    def _drawn(self, logits: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
        """Return tokens (B, S) by chance, on the device of the logits."""
        config = self.config
        return drawn_tokens(logits, generators, config.top_k, config.top_p, config.temperature)

    def _with_kept(
        self, tokens: Tensor, total: Tensor, scale: int, counts: Tensor, kept: KeptLatents
    ) -> Tensor:
        own = self.quantizer.nearest(kept.latents - total, scale, counts)
        is_new = self.quantizer.resampling.touches(~kept.is_kept, scale, counts)
        return torch.where(is_new, tokens, own)
