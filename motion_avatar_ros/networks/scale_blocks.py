# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Transformer blocks over tokens of several scales: words first, then tokens, then each alone.

Positions are rotary and relative to the scale (MoSa, section 3.3): a scale's tokens are spread
over the same range whatever their number, so that tokens of different scales that stand for the
same moment have the same position.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_RANGE = 64.0
_BASE = 100.0
_EPSILON = 1e-5


def rotary_angles(lengths: Tensor, tokens: int, channels: int) -> Tensor:
    """
    Return the angles (B, tokens, channels / 2) by which pairs of a head's channels are turned.

    Args:
        lengths: (B,) tokens that each clip has at the scale; the first is at 0, the last at 64.
        tokens: how many to return, those beyond a clip's own included.
        channels: of a head.
    """
    steps = torch.arange(tokens, device=lengths.device)
    places = steps * (_RANGE / (lengths - 1).clamp_min(1))[:, None]
    rates = _BASE ** (-torch.arange(0, channels, 2, device=lengths.device) / channels)
    return places[..., None] * rates


def turned(x: Tensor, angles: Tensor) -> Tensor:
    """Turn the pairs of channels of (B, heads, T, C) by (B, T, C / 2)."""
    cosine, sine = angles.cos()[:, None].to(x.dtype), angles.sin()[:, None].to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)


@dataclass(frozen=True)
class Context:
    """
    What the tokens of a call may look at.

    Attributes:
        words: (B, L, width) embedded words.
        is_word: (B, 1, 1, L) bool which of them are there.
        is_seen: (B, 1, T, K) bool which of the K keys, past ones first, each token sees.
        angles: (B, T, channels / 2) rotary angles of the tokens.
    """

    words: Tensor
    is_word: Tensor
    is_seen: Tensor
    angles: Tensor


class Attention(nn.Module):
    """Multi-head attention to words or to tokens."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        if width % (2 * heads):
            raise ValueError(f'{width=} is no even multiple of {heads=}')
        self.heads = heads
        self.dropout = dropout
        self.to_query = nn.Linear(width, width, bias=False)
        self.to_key_value = nn.Linear(width, 2 * width, bias=False)
        self.to_output = nn.Linear(width, width, bias=False)

    def split(self, x: Tensor) -> Tensor:
        """Return (B, heads, T, C) of (B, T, heads C)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, is_seen: Tensor
    ) -> Tensor:
        """Return (B, T, width) of heads (B, heads, T or K, C)."""
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=is_seen,
            dropout_p=self.dropout if self.training else 0.0)
        return self.to_output(mixed.transpose(1, 2).flatten(-2))


class ScaleBlock(nn.Module):
    """Attention to words, to tokens, SwiGLU; each after a norm and beside a straight path."""

    def __init__(
        self, width: int, heads: int, feed_forward: int, dropout: float,
        attention_dropout: float,
    ) -> None:
        super().__init__()
        self.word_norm = nn.RMSNorm(width, eps=_EPSILON)
        self.to_words = Attention(width, heads, attention_dropout)
        self.token_norm = nn.RMSNorm(width, eps=_EPSILON)
        self.to_tokens = Attention(width, heads, attention_dropout)
        self.forward_norm = nn.RMSNorm(width, eps=_EPSILON)
        self.gate_and_value = nn.Linear(width, 2 * feed_forward, bias=False)
        self.to_output = nn.Linear(feed_forward, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def word_keys(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values (B, heads, L, C) of embedded words: the same at every step."""
        key, value = self.to_words.to_key_value(words).chunk(2, dim=-1)
        return self.to_words.split(key), self.to_words.split(value)

    def forward(
        self, x: Tensor, context: Context, past: tuple[Tensor, Tensor] | None,
        word_keys: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """
        Transform.

        Args:
            x: (B, T, width) tokens.
            context: what they may see.
            past: keys and values (B, heads, K - T, C) of the tokens before them.
            word_keys: those of the words, where they were computed before.

        Returns:
            (B, T, width), and the keys and values (B, heads, K, C) with these tokens.
        """
        attention = self.to_words
        query = attention.split(attention.to_query(self.word_norm(x)))
        key, value = word_keys or self.word_keys(context.words)
        x = x + self.dropout(attention(query, key, value, context.is_word))

        attention = self.to_tokens
        normed = self.token_norm(x)
        query = turned(attention.split(attention.to_query(normed)), context.angles)
        key, value = map(attention.split, attention.to_key_value(normed).chunk(2, dim=-1))
        key = turned(key, context.angles)
        if past is not None:
            key, value = torch.cat((past[0], key), dim=2), torch.cat((past[1], value), dim=2)
        x = x + self.dropout(attention(query, key, value, context.is_seen))

        gate, linear = self.gate_and_value(self.forward_norm(x)).chunk(2, dim=-1)
        return x + self.dropout(self.to_output(functional.silu(gate) * linear)), (key, value)
