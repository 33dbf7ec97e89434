# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoMask's drawing: the base layer over and over, the surest tokens kept, then layer after layer.

At each iteration all hidden tokens of the base layer are drawn; the least likely ones are hidden
again, fewer and fewer by a cosine (arXiv 2312.00063, section 3.4). A token that is not hidden
again stays. The layers above take one pass each. Parts that are to stay are never hidden, and have
the source's own tokens in all layers: layers of one rate do not overlap in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from motion_avatar_ros.generation.token_sampling import KeptLatents, drawn_tokens
from motion_avatar_ros.networks.masked_transformer import hidden_shares
from motion_avatar_ros.networks.residual_quantizer import ResidualQuantizer
from motion_avatar_ros.networks.text_transformer import Heard

_MOST_ITERATIONS = 100


@dataclass(frozen=True)
class MaskedSamplerConfig:
    """How tokens are drawn. Guidance: 0 without the words, 1 by them, more beyond them."""

    iterations: int = 10            # Of the base layer.
    guidance: float = 4.0           # Of the base layer,
    residual_guidance: float = 5.0  # and of those above.
    top_k: float = 0.1              # Share of the codes that can be drawn.
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not (1 <= self.iterations <= _MOST_ITERATIONS
                and self.guidance >= 0.0 and self.residual_guidance >= 0.0
                and 0.0 < self.top_k <= 1.0 and self.temperature > 0.0):
            raise ValueError(f'{self} cannot draw')


class BaseLayer(Protocol):
    """What gives the logits of the base layer, as `MaskedTransformer` does."""

    hidden: int

    def heard(self, words: Tensor, is_word: Tensor, counts: Tensor) -> Heard:
        """Embed what is asked."""

    def logits(self, heard: Heard, tokens: Tensor) -> Tensor:
        """Return the logits of all tokens."""


class UpperLayers(Protocol):
    """What gives the logits of a layer above, as `ResidualTransformer` does."""

    def heard(self, words: Tensor, is_word: Tensor, counts: Tensor) -> Heard:
        """Embed what is asked."""

    def logits(self, heard: Heard, before: Tensor, layers: Tensor) -> Tensor:
        """Return the logits of a layer's tokens."""


class MaskedSampler:
    """A `TokenSampler` of the base layer, over and over, and then of those above it."""

    def __init__(
        self, quantizer: ResidualQuantizer, base: BaseLayer, upper: UpperLayers, longest: int,
        config: MaskedSamplerConfig,
    ) -> None:
        """
        Build.

        Args:
            quantizer: makes latents of tokens.
            base: tells the base layer.
            upper: tells the layers above.
            longest: latents of the longest clip.
            config: how tokens are drawn.
        """
        self.quantizer = quantizer
        self.base = base
        self.upper = upper
        self.longest = longest
        self.config = config

    def draw(
        self, words: tuple[Tensor, Tensor], silence: tuple[Tensor, Tensor], counts: Tensor,
        generators: Sequence[torch.Generator], kept: KeptLatents | None = None,
    ) -> Tensor:
        """Return the latents (B, N, latent) of new clips; see `TokenSampler.draw`."""
        both = (torch.cat((words[0], silence[0])), torch.cat((words[1], silence[1])),
                torch.cat((counts, counts)))
        is_new = torch.arange(self.longest, device=counts.device) < counts[:, None]
        own: list[Tensor] | None = None
        if kept is not None:
            is_new = is_new & ~kept.is_kept
            own = self.quantizer.encode(kept.latents, counts).tokens
        tokens = self._base(self.base.heard(*both), is_new, generators, own[0] if own else None)
        total = self.quantizer.layer(tokens, 0, counts, self.longest)
        heard = self.upper.heard(*both)
        for layer in range(1, len(self.quantizer)):
            logits = self.upper.logits(
                heard, torch.cat((total, total)), torch.full_like(both[2], layer))
            tokens = self._drawn(logits, self.config.residual_guidance, generators)[0]
            if own is not None:
                tokens = torch.where(is_new, tokens, own[layer])
            total = total + self.quantizer.layer(tokens, layer, counts, self.longest)
        return total

    def _base(
        self, heard: Heard, is_new: Tensor, generators: Sequence[torch.Generator],
        own: Tensor | None,
    ) -> Tensor:
        """Return the tokens (B, N) of the base layer, `own` where nothing is to be made."""
        tokens = torch.full(is_new.shape, self.base.hidden, device=is_new.device)
        if own is not None:
            tokens = torch.where(is_new, tokens, own)
        is_hidden, to_make = is_new, is_new.sum(dim=1)
        for done in torch.arange(1, self.config.iterations + 1) / self.config.iterations:
            logits = self.base.logits(heard, torch.cat((tokens, tokens)))
            drawn, sureness = self._drawn(logits, self.config.guidance, generators)
            left = (hidden_shares(done).to(to_make.device) * to_make).floor()
            is_hidden, before = _least_sure(sureness, is_hidden, left), is_hidden
            tokens = torch.where(before & ~is_hidden, drawn, tokens)
        # Beyond a clip there is no token: any code serves.
        return tokens.masked_fill(tokens == self.base.hidden, 0)

    def _drawn(
        self, logits: Tensor, guidance: float, generators: Sequence[torch.Generator]
    ) -> tuple[Tensor, Tensor]:
        """Return tokens (B, N) by chance, and how likely each was, logarithmically."""
        with_words, without = logits.float().chunk(2)
        guided = without + guidance * (with_words - without)
        tokens = drawn_tokens(
            guided, generators, self.config.top_k, 1.0, self.config.temperature)
        return tokens, guided.log_softmax(dim=-1).gather(-1, tokens[..., None])[..., 0]


def _least_sure(sureness: Tensor, is_hidden: Tensor, left: Tensor) -> Tensor:
    """Return which of the hidden tokens (B, N) are the `left` (B,) least sure ones."""
    ranks = sureness.masked_fill(~is_hidden, torch.inf).argsort(dim=1).argsort(dim=1)
    return is_hidden & (ranks < left[:, None])
