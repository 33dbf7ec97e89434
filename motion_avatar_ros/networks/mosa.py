# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoSa (Liu et al., arXiv 2511.01200): motion from words in ten steps, from coarse to fine.

A tokeniser (`motion_tokenizer`, `multiscale_quantizer`) and a transformer that writes its tokens
scale after scale (`scale_transformer`). Sizes and choices are in one configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.networks.multiscale_quantizer import MultiscaleQuantizer
from motion_avatar_ros.networks.scale_transformer import ScaleTransformer
from motion_avatar_ros.networks.text_transformer import TransformerSizes
from motion_avatar_ros.networks.token_generator import TokenGeneratorConfig
from motion_avatar_ros.networks.token_scales import MOSA_SCALES


@dataclass(frozen=True)
class MosaConfig(TokenGeneratorConfig):
    """Sizes of both stages."""

    scales: tuple[int, ...] = MOSA_SCALES       # Tokens of each scale, for the longest clip.
    fewest_codes: int = 64          # Of the first scale; they grow evenly
    most_codes: int = 192           # to those of the last.
    width: int = 192                # Channels of the transformer.
    layers: int = 5                 # Its blocks.
    heads: int = 3                  # Attention heads of each.
    feed_forward: int = 384         # Channels of each SwiGLU.
    dropout: float = 0.2            # After each sub-layer.
    attention_dropout: float = 0.0  # Of attention's weights; costs a third of a step on a CPU.

    @property
    def codes(self) -> tuple[int, ...]:
        """Codes of each scale."""
        last = max(1, len(self.scales) - 1)
        return tuple(
            round(self.fewest_codes + (self.most_codes - self.fewest_codes) * scale / last)
            for scale in range(len(self.scales)))

    @property
    def longest_latents(self) -> int:
        """Latents of the longest clip."""
        return self.scales[-1]

    def tokenizer(self) -> MotionTokenizer:
        """Build an untrained tokeniser."""
        return MotionTokenizer(
            self.autoencoder, MultiscaleQuantizer(self.scales, self.codes, self.latent))

    def transformer(self) -> ScaleTransformer:
        """Build an untrained transformer."""
        return ScaleTransformer(
            TransformerSizes(
                self.width, self.layers, self.heads, self.feed_forward, self.dropout,
                self.attention_dropout, self.text, self.latent),
            self.scales, self.codes)


class MosaNetwork(nn.Module):
    """Both stages, as inference needs them."""

    def __init__(self, config: MosaConfig) -> None:
        super().__init__()
        self.config = config
        self.tokenizer = config.tokenizer()
        self.transformer = config.transformer()
