# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoMask (Guo et al., CVPR 2024, arXiv 2312.00063), a baseline beside MoSa at the same budget.

A tokeniser whose layers all have a token per latent (`motion_tokenizer`, `residual_quantizer`), a
transformer that fills in the tokens of the base layer (`masked_transformer`), and one that adds
layer after layer to them (`residual_transformer`). The autoencoder and the blocks are MoSa's.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from motion_avatar_ros.networks.masked_transformer import MaskedTransformer
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.networks.residual_quantizer import ResidualQuantizer
from motion_avatar_ros.networks.residual_transformer import ResidualTransformer
from motion_avatar_ros.networks.text_transformer import TransformerSizes
from motion_avatar_ros.networks.token_generator import TokenGeneratorConfig


@dataclass(frozen=True)
class MomaskConfig(TokenGeneratorConfig):
    """Sizes of all stages."""

    layer_dropout: float = 0.2      # Share of learnt clips that are told by a few layers only.
    longest: int = 49               # Latents of the longest clip.
    quantizer_layers: int = 5
    codes_per_layer: int = 256
    width: int = 192                # Channels of both transformers.
    base_layers: int = 3            # Blocks of the one that fills in the base layer,
    residual_layers: int = 3        # and of the one that adds the others.
    heads: int = 3                  # Attention heads of each.
    feed_forward: int = 384         # Channels of each SwiGLU.
    dropout: float = 0.2            # After each sub-layer.
    attention_dropout: float = 0.0  # Of attention's weights; costs a third of a step on a CPU.

    def __post_init__(self) -> None:
        if self.quantizer_layers < 2 or self.codes_per_layer < 1 or self.longest < 1:
            raise ValueError(
                f'{self.quantizer_layers=}, {self.codes_per_layer=} and {self.longest=} are to '
                'be at least 2, 1 and 1')

    @property
    def codes(self) -> tuple[int, ...]:
        """Codes of each layer."""
        return (self.codes_per_layer,) * self.quantizer_layers

    @property
    def longest_latents(self) -> int:
        """Latents of the longest clip."""
        return self.longest

    def tokenizer(self) -> MotionTokenizer:
        """Build an untrained tokeniser."""
        return MotionTokenizer(self.autoencoder, ResidualQuantizer(self.codes, self.latent))

    def transformer(self) -> MaskedTransformer:
        """Build an untrained transformer of the base layer."""
        return MaskedTransformer(
            self._sizes(self.base_layers), self.longest, self.codes_per_layer)

    def residual(self) -> ResidualTransformer:
        """Build an untrained transformer of the layers above."""
        return ResidualTransformer(
            self._sizes(self.residual_layers), self.longest, self.quantizer_layers,
            self.codes_per_layer)

    def _sizes(self, layers: int) -> TransformerSizes:
        return TransformerSizes(
            self.width, layers, self.heads, self.feed_forward, self.dropout,
            self.attention_dropout, self.text, self.latent)


class MomaskNetwork(nn.Module):
    """All stages, as inference needs them."""

    def __init__(self, config: MomaskConfig) -> None:
        super().__init__()
        self.config = config
        self.tokenizer = config.tokenizer()
        self.transformer = config.transformer()
        self.residual = config.residual()
