# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
ScaleMoGen's second stage: a transformer that emits the bits of one map after the other.

All bits of a map at once (arXiv 2605.11704, section 3), from the words, the clip's length and
the sum of the maps before, averaged to the map's cells; each bit by a logit of its own, so that
there is no softmax over 2^bits tokens. A cell sees those of its own map and of all before it.
Words come as the text encoder gives them, with the sentence's own vector in front; it is zero,
and the only one, where nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.adaptive_blocks import AdaptiveBlock, Scene, grid_angles
from motion_avatar_ros.networks.part_scales import PARTS, PartScales
from motion_avatar_ros.networks.scale_blocks import Attention

_EMBEDDING_STD = 0.3


@dataclass(frozen=True)
class BitwiseSizes:
    """
    Sizes of the transformer.

    Attributes:
        width: channels of every layer.
        layers: blocks.
        heads: attention heads of each.
        feed_forward: channels of each feed-forward layer.
        drop_path: of sub-layers in the last block; rises evenly from none in the first.
        text: numbers of a word.
        bits: of a token.
    """

    width: int
    layers: int
    heads: int
    feed_forward: int
    drop_path: float
    text: int
    bits: int


@dataclass
class MapGeneration:
    """Keys and values of a generation under way: of the words, and of the maps so far."""

    sentence: Tensor
    modulation: Tensor
    is_word: Tensor
    word_keys: list[tuple[Tensor, Tensor]]
    past: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    index: int = 0


class BitwiseTransformer(nn.Module):
    """Logits of the bits of all maps."""

    def __init__(
        self, sizes: BitwiseSizes, lengths: Sequence[int], groups: Sequence[int]
    ) -> None:
        """
        Build.

        Args:
            sizes: of the transformer.
            lengths: of each map, for the longest clip.
            groups: of parts of each map.
        """
        super().__init__()
        self.sizes = sizes
        self.scales = PartScales(lengths, groups)
        width = sizes.width
        self.embed_words = nn.Sequential(
            nn.Linear(sizes.text, width), nn.GELU(approximate='tanh'), nn.Linear(width, width))
        self.pool_query = nn.Parameter(_EMBEDDING_STD * torch.randn(1, 1, width))
        self.pool = Attention(width, sizes.heads, 0.0)
        self.embed_length = nn.Embedding(self.scales.longest + 1, width)
        self.embed_bits = nn.Linear(sizes.bits, width)
        # Of each group of each map: what a cell stands for.
        self.place = nn.Parameter(_EMBEDDING_STD * torch.randn(sum(groups), width))
        nn.init.normal_(self.embed_length.weight, std=_EMBEDDING_STD)
        self.modulate = nn.Sequential(nn.SiLU(), _quiet(nn.Linear(width, 6 * width)))
        self.blocks = nn.ModuleList(
            AdaptiveBlock(
                width, sizes.heads, sizes.feed_forward, sizes.layers,
                sizes.drop_path * number / max(1, sizes.layers - 1))
            for number in range(sizes.layers))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulate_head = nn.Sequential(nn.SiLU(), _quiet(nn.Linear(width, 2 * width)))
        self.head = _quiet(nn.Linear(width, sizes.bits))
        token_map = np.repeat(np.arange(len(self.scales)), self.scales.cells)
        self.register_buffer('token_map', torch.from_numpy(token_map), persistent=False)

    def forward(
        self, words: Tensor, is_word: Tensor, inputs: Sequence[Tensor], counts: Tensor
    ) -> list[Tensor]:
        """
        Return the logits of all maps at once, for known bits.

        Args:
            words: (B, L, text), the sentence's vector first.
            is_word: (B, L) bool.
            inputs: of maps 1 on the sum of those before it (B, S, G, bits).
            counts: (B,) latents of each clip.

        Returns:
            Of each map (B, S, G, bits); cells beyond a clip's own length mean nothing.
        """
        generation = self.begin(words, is_word, counts)
        x = torch.cat([
            self._embedded(index, None if index == 0 else inputs[index - 1], generation)
            for index in range(len(self.scales))], dim=1)
        token_map = self.get_buffer('token_map')
        scene = Scene(
            generation.modulation, generation.is_word,
            (token_map[:, None] >= token_map) & self._is_token(counts)[:, None, None],
            torch.cat([self._angles(index, counts) for index in range(len(self.scales))], dim=1))
        for block, keys in zip(self.blocks, generation.word_keys, strict=True):
            x, _ = block(x, scene, None, keys)
        logits = self._logits(x, generation)
        return [
            part.unflatten(1, (length, groups)) for part, length, groups in zip(
                logits.split(self.scales.cells, dim=1), self.scales.lengths, self.scales.groups,
                strict=True)]

    def begin(self, words: Tensor, is_word: Tensor, counts: Tensor) -> MapGeneration:
        """Prepare to generate clips of `counts` (B,) latents; words as for `forward`."""
        embedded = self.embed_words(words)
        seen = is_word[:, None, None]
        key, value = map(self.pool.split, self.pool.to_key_value(embedded).chunk(2, dim=-1))
        query = self.pool.split(self.pool.to_query(self.pool_query)).expand(
            len(words), -1, -1, -1)
        sentence = self.pool(query.to(key.dtype), key, value, seen)[:, 0]
        sentence = sentence + self.embed_length(counts)
        return MapGeneration(
            sentence, self.modulate(sentence).unflatten(-1, (6, -1)), seen,
            [cast(AdaptiveBlock, block).word_keys(embedded) for block in self.blocks])

    def step(
        self, generation: MapGeneration, inputs: Tensor | None, counts: Tensor
    ) -> Tensor:
        """
        Return the logits (B, S, G, bits) of the next map.

        Args:
            generation: goes on to the map after it.
            inputs: the sum of the maps before (B, S, G, bits); None before the first map.
            counts: (B,) as it was begun with.
        """
        index = generation.index
        cells, groups = self.scales.cells, self.scales.groups[index]
        seen = self._is_token(counts)[:, None, None, :sum(cells[:index + 1])]
        scene = Scene(
            generation.modulation, generation.is_word, seen.expand(-1, -1, cells[index], -1),
            self._angles(index, counts))
        x = self._embedded(index, inputs, generation)
        past = generation.past
        generation.past = []
        for number, block in enumerate(self.blocks):
            x, kept = block(
                x, scene, past[number] if past else None, generation.word_keys[number])
            generation.past.append(kept)
        generation.index += 1
        return self._logits(x, generation).unflatten(1, (-1, groups))

    def _embedded(
        self, index: int, inputs: Tensor | None, generation: MapGeneration
    ) -> Tensor:
        """Return the tokens (B, S G, width) that a map begins with."""
        first = sum(self.scales.groups[:index])
        place = self.place[first:first + self.scales.groups[index]]
        if inputs is None:
            x = generation.sentence[:, None, None].expand(-1, self.scales.lengths[index], -1, -1)
        else:
            # A code has length one: in each channel as large as what it is added to.
            x = self.embed_bits(inputs * self.sizes.bits ** 0.5)
        return (x + place).flatten(1, 2)

    def _logits(self, x: Tensor, generation: MapGeneration) -> Tensor:
        scale, shift = self.modulate_head(generation.sentence)[:, None].chunk(2, dim=-1)
        return self.head(self.norm(x) * (1.0 + scale) + shift)

    def _is_token(self, counts: Tensor) -> Tensor:
        """Return which of the tokens (B, cells of all maps) clips have."""
        return torch.cat([
            is_cell.repeat_interleave(groups, dim=1) for is_cell, groups in zip(
                self.scales.is_cell(counts), self.scales.groups, strict=True)], dim=1)

    def _angles(self, index: int, counts: Tensor) -> Tensor:
        """Return the rotary angles of a map: cells that begin together have the same place."""
        length, groups = self.scales.lengths[index], self.scales.groups[index]
        own = self.scales.cell_lengths(counts)[:, index].clamp_min(1)
        steps = torch.arange(length, device=counts.device)
        times = (steps * counts[:, None] / own[:, None]).round()
        places = (torch.arange(groups, device=counts.device) * PARTS / groups).round()
        return grid_angles(
            times.repeat_interleave(groups, dim=1), places.repeat(length),
            self.sizes.width // self.sizes.heads)


def _quiet(layer: nn.Linear) -> nn.Linear:
    """Return a layer that begins with a tenth of its weights: heads begin with no idea."""
    with torch.no_grad():
        layer.weight.mul_(0.1)
    return layer
