# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
ScaleMoGen's steps: the bits of every map at once, from coarse to fine, guided more and more.

Three edits, none of which is learnt (arXiv 2605.11704, section 3, after AREdit). What is to stay
is tokenised along the way: at each map from what is left of it there, given what was made so far.
A cell is made anew when it covers any latent that may change and all its parts may; groups of
parts only ever split, so that parts that stay keep the source's own bits at every map. A motion
that is told in other words keeps the source's bits at the first maps, and later those that the
new words make little less likely than the old ones did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.generation.mosa_sampler import ScaleByScale
from motion_avatar_ros.generation.token_sampling import KeptLatents
from motion_avatar_ros.networks.bit_quantizer import BitQuantizer
from motion_avatar_ros.networks.part_scales import PARTS

Words = tuple[Tensor, Tensor]   # (B, L, text) and (B, L), see `spoken_words`


@dataclass(frozen=True)
class BitSamplerConfig:
    """How bits are drawn."""

    guidance: float = 3.0           # At the finest map; rises evenly from that of the coarsest.
    first_guidance: float = 0.0     # At the coarsest.
    temperature: float = 1.0        # By which logits are divided.
    kept_maps: int = 3              # Other words change nothing at so many coarse maps,
    least_doubt: float = 0.1        # then bits that have lost so much of their probability.

    def __post_init__(self) -> None:
        if not (self.guidance >= self.first_guidance >= 0.0 and self.temperature > 0.0
                and self.kept_maps >= 0 and 0.0 <= self.least_doubt <= 1.0):
            raise ValueError(f'{self} cannot draw')


class BitSampler:
    """Draws clips from networks at rest."""

    def __init__(
        self, quantizer: BitQuantizer, transformer: ScaleByScale, config: BitSamplerConfig
    ) -> None:
        self.quantizer = quantizer
        self.transformer = transformer
        self.config = config

    def draw(
        self, words: Words, silence: Words, counts: Tensor,
        generators: Sequence[torch.Generator], kept: KeptLatents | None = None,
        is_part_free: Tensor | None = None,
    ) -> Tensor:
        """
        Return the latents (B, N, 7 bits) of new clips, N that of the longest.

        Args:
            words: of each clip.
            silence: the same for nothing said.
            counts: (B,) latents of each clip.
            generators: of each clip, on the CPU: the same numbers on every device.
            kept: what stays.
            is_part_free: (7,) bool, parts that are made anew where latents are not kept; the
                latents of the others must be there for all time. None: all of them.
        """
        scales = self.quantizer.scales
        if is_part_free is None:
            is_part_free = torch.ones(PARTS, dtype=torch.bool, device=counts.device)
        steps = _Steps(self.transformer, (words, silence), counts)
        total = torch.zeros(
            len(counts), scales.longest, self.quantizer.channels, device=counts.device)
        for index in range(len(self.quantizer)):
            logits, = self._guided(steps.next(self.quantizer, [total], index), index)
            tokens = _drawn(logits.sigmoid(), generators)
            if kept is not None:
                own = self.quantizer.nearest(kept.latents - total, index, counts)
                is_free = scales.is_free(~kept.is_kept, is_part_free, index, counts)
                tokens = torch.where(is_free[..., None], tokens, own)
            total = total + self.quantizer.layer(tokens, index, counts, scales.longest)
        return total

    def reword(
        self, words: Words, old_words: Words, silence: Words, counts: Tensor,
        generators: Sequence[torch.Generator], source: KeptLatents, is_part_free: Tensor,
    ) -> Tensor:
        """
        Return the latents (B, N, 7 bits) of clips told in other words.

        Args:
            words: of each clip.
            old_words: that told the source.
            silence: the same for nothing said.
            counts: (B,) latents of each clip.
            generators: of each clip.
            source: all its latents, and which of them stay whatever is said.
            is_part_free: (7,) bool, parts that may change.
        """
        scales, config = self.quantizer.scales, self.config
        own_tokens = self.quantizer.encode(source.latents, counts).tokens
        steps = _Steps(self.transformer, (words, silence, old_words, silence), counts)
        total = torch.zeros_like(source.latents)
        own_total = torch.zeros_like(total)
        for index, own in enumerate(own_tokens):
            logits = steps.next(self.quantizer, [total, own_total], index)
            likely, was_likely = (each.sigmoid() for each in self._guided(logits, index))
            tokens = own
            fresh = _drawn(likely, generators)
            if index >= config.kept_maps:
                lost = torch.where(own, was_likely - likely, likely - was_likely)
                is_free = scales.is_free(~source.is_kept, is_part_free, index, counts)
                tokens = torch.where(
                    is_free[..., None] & (lost > config.least_doubt), fresh, own)
            total = total + self.quantizer.layer(tokens, index, counts, scales.longest)
            own_total = own_total + self.quantizer.layer(own, index, counts, scales.longest)
        return total

    def _guided(self, logits: Sequence[Tensor], index: int) -> tuple[Tensor, ...]:
        """Return logits (B, S, G, bits) of each pair of those with words and without."""
        first, last = self.config.first_guidance, self.config.guidance
        strength = first + (last - first) * index / max(1, len(self.quantizer) - 1)
        return tuple(
            ((1.0 + strength) * with_words - strength * without) / self.config.temperature
            for with_words, without in zip(logits[::2], logits[1::2], strict=True))


class _Steps:
    """One logit after the other for the same clips told in several ways."""

    def __init__(
        self, transformer: ScaleByScale, told: Sequence[Words], counts: Tensor
    ) -> None:
        self._transformer = transformer
        self._ways = len(told)
        self._counts = counts
        self._all_counts = counts.repeat(self._ways)
        longest = max(is_word.shape[1] for _, is_word in told)
        self._generation = transformer.begin(
            torch.cat([
                functional.pad(words, (0, 0, 0, longest - words.shape[1])) for words, _ in told]),
            torch.cat([
                functional.pad(is_word, (0, longest - is_word.shape[1])) for _, is_word in told]),
            self._all_counts)

    def next(
        self, quantizer: BitQuantizer, totals: Sequence[Tensor], index: int
    ) -> list[Tensor]:
        """Return the logits (B, S, G, bits) of each way, by the sum so far of each pair."""
        before = None
        if index:
            before = torch.cat([
                each for total in totals
                for each in 2 * [quantizer.scales.down(total, index, self._counts)]])
        logits = self._transformer.step(self._generation, before, self._all_counts)
        return list(logits.float().chunk(self._ways))


def _drawn(probability: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    """Return bits by chance, on the device of their probabilities (B, S, G, bits)."""
    # On the CPU, where the generators are.
    chance = torch.stack([
        torch.rand(probability.shape[1:], generator=generator) for generator in generators])
    return chance.to(probability.device) < probability
