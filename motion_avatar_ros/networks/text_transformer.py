# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What transformers that write a motion's tokens have in common: blocks, words, clip lengths.

Words come as the text encoder gives them, with the sentence's own vector in front; it is zero,
and the only one, where nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.scale_blocks import Context, ScaleBlock, rotary_angles

EMBEDDING_STD = 0.3     # As large as what embeddings are added to: of a mean square of one.


@dataclass(frozen=True)
class TransformerSizes:
    """
    Sizes of a transformer.

    Attributes:
        width: channels of every layer.
        layers: blocks.
        heads: attention heads of each.
        feed_forward: channels of each SwiGLU.
        dropout: after each sub-layer.
        attention_dropout: of attention's weights.
        text: numbers of a word.
        latent: channels of the tokeniser's latents.
    """

    width: int
    layers: int
    heads: int
    feed_forward: int
    dropout: float
    attention_dropout: float
    text: int
    latent: int


@dataclass(frozen=True)
class Heard:
    """
    What is asked of clips, the same at every step of their making.

    Attributes:
        words: (B, L, width) embedded words.
        is_word: (B, 1, 1, L) bool which of them are there.
        word_keys: of each block, see `ScaleBlock.word_keys`.
        counts: (B,) latents of each clip.
    """

    words: Tensor
    is_word: Tensor
    word_keys: list[tuple[Tensor, Tensor]]
    counts: Tensor


class TextTransformer(nn.Module):
    """Blocks between what tokens begin as and what heads make of them."""

    def __init__(self, sizes: TransformerSizes, longest: int) -> None:
        """
        Build.

        Args:
            sizes: of the transformer.
            longest: latents of the longest clip.
        """
        super().__init__()
        self.sizes = sizes
        self.longest = longest
        self.embed_words = nn.Linear(sizes.text, sizes.width)
        self.embed_length = nn.Embedding(longest + 1, sizes.width)
        nn.init.normal_(self.embed_length.weight, std=EMBEDDING_STD)
        self.dropout = nn.Dropout(sizes.dropout)
        self.blocks = nn.ModuleList(
            ScaleBlock(sizes.width, sizes.heads, sizes.feed_forward, sizes.dropout,
                       sizes.attention_dropout)
            for _ in range(sizes.layers))
        self.norm = nn.RMSNorm(sizes.width, eps=1e-5)

    @property
    def head_channels(self) -> int:
        """Channels of an attention head."""
        return self.sizes.width // self.sizes.heads

    def heard(self, words: Tensor, is_word: Tensor, counts: Tensor) -> Heard:
        """
        Embed what is asked.

        Args:
            words: (B, L, text), the sentence's vector first.
            is_word: (B, L) bool.
            counts: (B,) latents of each clip.
        """
        embedded = self.embed_words(words) + self.embed_length(counts)[:, None]
        return Heard(
            embedded, is_word[:, None, None],
            [cast(ScaleBlock, block).word_keys(embedded) for block in self.blocks], counts)

    def mixed(self, x: Tensor, heard: Heard) -> Tensor:
        """
        Pass tokens that all see each other through the blocks.

        Args:
            x: (B, longest, width), one token per latent; those beyond a clip are not seen.
            heard: what is asked of the clips.

        Returns:
            (B, longest, width), normalised.
        """
        steps = torch.arange(self.longest, device=x.device)
        # Of the longest clip: a place is a time, whatever the clip's length.
        lengths = torch.full_like(heard.counts, self.longest)
        context = Context(
            heard.words, heard.is_word, (steps < heard.counts[:, None])[:, None, None],
            rotary_angles(lengths, self.longest, self.head_channels))
        x = self.dropout(x)
        for block, keys in zip(self.blocks, heard.word_keys, strict=True):
            x, _ = block(x, context, None, keys)
        return self.norm(x)
