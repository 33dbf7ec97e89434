# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoSa's second stage: a transformer that emits the tokens of one scale after the other.

Scalable autoregression (arXiv 2511.01200, section 3.3): all tokens of a scale at once, from the
words, the clip's length and the sum of the layers before, averaged to the scale. A token sees
those of its own scale and of all before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.scale_blocks import Context, rotary_angles
from motion_avatar_ros.networks.text_transformer import (
    EMBEDDING_STD, Heard, TextTransformer, TransformerSizes,
)
from motion_avatar_ros.networks.token_scales import ScaleResampling


@dataclass
class Generation:
    """A generation under way: what is asked, keys and values of the scales so far."""

    heard: Heard
    past: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    scale: int = 0


class ScaleTransformer(TextTransformer):
    """
    Logits of the tokens of Q scales.

    Attributes:
        input_mean: (Q - 1, latent) of what comes before each scale but the first, from the data.
        input_std: (Q - 1, latent) its deviation.
    """

    input_mean: Tensor
    input_std: Tensor

    def __init__(
        self, sizes: TransformerSizes, scales: Sequence[int], codes: Sequence[int]
    ) -> None:
        super().__init__(sizes, scales[-1])
        width = sizes.width
        self.resampling = ScaleResampling(scales)
        self.embed_latents = nn.Linear(sizes.latent, width)
        self.start = nn.Parameter(EMBEDDING_STD * torch.randn(1, scales[0], width))
        self.level = nn.Parameter(EMBEDDING_STD * torch.randn(len(scales), width))
        self.register_buffer('input_mean', torch.zeros(len(scales) - 1, sizes.latent))
        self.register_buffer('input_std', torch.ones(len(scales) - 1, sizes.latent))
        self.heads = nn.ModuleList(nn.Linear(width, count) for count in codes)
        # Levels of the tokens, and so what each sees: its own scale and those before.
        level = np.repeat(np.arange(len(scales)), scales)
        self.register_buffer('token_level', torch.from_numpy(level), persistent=False)

    @property
    def scales(self) -> tuple[int, ...]:
        """Tokens of each scale for the longest clip."""
        return self.resampling.scales

    def forward(
        self, words: Tensor, is_word: Tensor, inputs: Sequence[Tensor], counts: Tensor
    ) -> list[Tensor]:
        """
        Return the logits of all scales at once, for known tokens.

        Args:
            words: (B, L, text), the sentence's vector first.
            is_word: (B, L) bool.
            inputs: of scales 1 to Q - 1 the sum of the layers before it (B, S, latent).
            counts: (B,) latents of each clip.

        Returns:
            Of each scale (B, S, codes); those beyond a clip's own length mean nothing.
        """
        level = self.get_buffer('token_level')
        is_token = self.resampling.is_token(counts)
        is_before = level[:, None] >= level
        lengths = self.resampling.lengths[counts]
        angles = torch.cat([
            rotary_angles(lengths[:, scale], tokens, self.head_channels)
            for scale, tokens in enumerate(self.scales)], dim=1)
        x = torch.cat([
            self._embedded(scale, None if scale == 0 else inputs[scale - 1], counts)
            for scale in range(len(self.scales))], dim=1)
        heard = self.heard(words, is_word, counts)
        context = Context(
            heard.words, heard.is_word, is_before & is_token[:, None, None], angles)
        for block, keys in zip(self.blocks, heard.word_keys, strict=True):
            x, _ = block(x, context, None, keys)
        return [
            head(part) for head, part in zip(
                self.heads, self.norm(x).split(self.scales, dim=1), strict=True)]

    def begin(self, words: Tensor, is_word: Tensor, counts: Tensor) -> Generation:
        """Prepare to generate clips of `counts` (B,) latents; words as for `forward`."""
        return Generation(self.heard(words, is_word, counts))

    def step(
        self, generation: Generation, inputs: Tensor | None, counts: Tensor
    ) -> Tensor:
        """
        Return the logits (B, S, codes) of the next scale.

        Args:
            generation: goes on to the scale after it.
            inputs: the sum of the layers before (B, S, latent); None before the first scale.
            counts: (B,) as it was begun with.
        """
        scale = generation.scale
        keys = sum(self.scales[:scale + 1])
        is_token = self.resampling.is_token(counts)[:, None, None, :keys]
        context = Context(
            generation.heard.words, generation.heard.is_word,
            is_token.expand(-1, -1, self.scales[scale], -1),
            rotary_angles(
                self.resampling.lengths[counts, scale], self.scales[scale],
                self.head_channels))
        x = self._embedded(scale, inputs, counts)
        past = generation.past
        generation.past = []
        for number, block in enumerate(self.blocks):
            x, kept = block(
                x, context, past[number] if past else None, generation.heard.word_keys[number])
            generation.past.append(kept)
        generation.scale += 1
        return self.heads[scale](self.norm(x))

    def _embedded(self, scale: int, inputs: Tensor | None, counts: Tensor) -> Tensor:
        """Return the tokens (B, S, width) that a scale begins with."""
        if inputs is None:
            x = self.start + self.embed_length(counts)[:, None]
        else:
            x = self.embed_latents(
                (inputs - self.input_mean[scale - 1]) / self.input_std[scale - 1])
        return self.dropout(x + self.level[scale])
