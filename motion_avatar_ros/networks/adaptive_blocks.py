# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Transformer blocks over maps of tokens, told by a sentence what to let through.

As Infinity has them (Han et al., CVPR 2025), from which ScaleMoGen takes them: layer norms whose
scale, shift and gate come from one vector (AdaLN), attention by the cosine of query and key, and
rotary positions in two dimensions, time and body part.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from motion_avatar_ros.networks.scale_blocks import Attention, turned

_BASE = 1e4
_FIRST_TEMPERATURE = 4.0
_MOST_TEMPERATURE = 100.0


def grid_angles(times: Tensor, places: Tensor, channels: int) -> Tensor:
    """
    Return the angles (B, T, channels / 2) by which pairs of a head's channels are turned.

    Args:
        times: (B, T) of tokens, in latents; half of the pairs turn by them,
        places: (T,) or (B, T) of tokens among the parts; the others by these.
        channels: of a head, a multiple of 4.
    """
    half = channels // 2
    rates = _BASE ** (-torch.arange(0, half, 2, device=times.device) / half)
    return torch.cat((
        times[..., None] * rates, places.expand_as(times)[..., None] * rates), dim=-1)


@dataclass(frozen=True)
class Scene:
    """
    What the tokens of a call are told and may look at.

    Attributes:
        modulation: (B, 6, width) for the blocks, of the sentence.
        is_word: (B, 1, 1, L) bool which words are there.
        is_seen: (B, 1, T, K) bool which of the K keys, past ones first, each token sees.
        angles: (B, T, channels / 2), see `grid_angles`.
    """

    modulation: Tensor
    is_word: Tensor
    is_seen: Tensor
    angles: Tensor


class DropPath(nn.Module):
    """Leaves out a sub-layer of some clips in training, and makes up for it with the others."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, C) to the same."""
        if not self.training or self.share == 0.0:
            return x
        is_kept = torch.rand(len(x), 1, 1, device=x.device) >= self.share
        return x * (is_kept / (1.0 - self.share)).to(x.dtype)


class AdaptiveBlock(nn.Module):
    """Attention to tokens, to words, feed-forward; each beside a straight path."""

    def __init__(
        self, width: int, heads: int, feed_forward: int, depth: int, drop_path: float
    ) -> None:
        """
        Build.

        Args:
            width: channels.
            heads: of attention; width / heads is a multiple of 4.
            feed_forward: channels of the feed-forward layer.
            depth: number of blocks: each adds so much less.
            drop_path: share of the clips for which a sub-layer is left out.
        """
        super().__init__()
        if width % (4 * heads):
            raise ValueError(f'{width=} is no multiple of four times {heads=}')
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.to_tokens = Attention(width, heads, 0.0)
        self.temperature = nn.Parameter(
            torch.full((heads, 1, 1), math.log(_FIRST_TEMPERATURE)))
        self.word_norm = nn.LayerNorm(width)
        self.to_words = Attention(width, heads, 0.0)
        self.widen = nn.Linear(width, feed_forward)
        self.to_output = nn.Linear(feed_forward, width)
        self.drop_path = DropPath(drop_path)
        # Scale, shift and gate of attention, and of the feed-forward layer.
        self.offset = nn.Parameter(torch.randn(6, width) * width ** -0.5)
        with torch.no_grad():
            self.offset[2::3] += 1.0
            for layer in (self.to_tokens, self.to_words, self):
                layer.to_output.weight.mul_((2.0 * depth) ** -0.5)

    def word_keys(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (B, heads, L, C) of embedded words: the same at every step."""
        key, value = self.to_words.to_key_value(words).chunk(2, dim=-1)
        return self.to_words.split(key), self.to_words.split(value)

    def forward(
        self, x: Tensor, scene: Scene, past: tuple[Tensor, Tensor] | None,
        word_keys: tuple[Tensor, Tensor],
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """
        Transform.

        Args:
            x: (B, T, width) tokens.
            scene: what they are told and may see.
            past: keys and values (B, heads, K - T, C) of the tokens before them.
            word_keys: see there.

        Returns:
            (B, T, width), and the keys and values (B, heads, K, C) with these tokens.
        """
        told = (scene.modulation + self.offset)[:, :, None]
        attention = self.to_tokens
        normed = self.norm(x) * (1.0 + told[:, 0]) + told[:, 1]
        query = functional.normalize(attention.split(attention.to_query(normed)), dim=-1)
        key, value = map(attention.split, attention.to_key_value(normed).chunk(2, dim=-1))
        # `forward` of Attention divides by the root of the channels.
        sharpness = self.temperature.exp().clamp_max(_MOST_TEMPERATURE) * query.shape[-1] ** 0.5
        query = turned(query * sharpness.to(query.dtype), scene.angles)
        key = turned(functional.normalize(key, dim=-1), scene.angles).to(value.dtype)
        if past is not None:
            key, value = torch.cat((past[0], key), dim=2), torch.cat((past[1], value), dim=2)
        mixed = attention(query.to(value.dtype), key, value, scene.is_seen)
        x = x + self.drop_path(mixed * told[:, 2])

        attention = self.to_words
        query = attention.split(attention.to_query(self.word_norm(x)))
        x = x + self.drop_path(attention(query, *word_keys, scene.is_word))

        normed = self.norm(x) * (1.0 + told[:, 3]) + told[:, 4]
        mixed = self.to_output(functional.gelu(self.widen(normed)))
        return x + self.drop_path(mixed * told[:, 5]), (key, value)
