# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoSa (Liu et al., arXiv 2511.01200): motion from words in ten steps, from coarse to fine.

A tokeniser (`mosa_tokenizer`) and a transformer that writes its tokens scale after scale
(`scale_transformer`). Sizes and choices are in one configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from motion_avatar_ros.networks.caq_autoencoder import AutoencoderSizes
from motion_avatar_ros.networks.mosa_tokenizer import MosaTokenizer
from motion_avatar_ros.networks.scale_transformer import ScaleTransformer, TransformerSizes
from motion_avatar_ros.networks.token_scales import MOSA_SCALES


@dataclass(frozen=True)
class MosaConfig:
    """Sizes of both stages."""

    features: int = 269             # Numbers of a frame.
    tokenizer_width: int = 96       # Channels of the autoencoder's first level.
    multipliers: tuple[int, ...] = (1, 2, 1)    # Of the levels; all but the last halve frames.
    encoder_blocks: int = 2         # Residual blocks of a level.
    decoder_blocks: int = 3
    latent: int = 64                # Channels of a latent and of a code.
    scales: tuple[int, ...] = MOSA_SCALES       # Tokens of each scale, for the longest clip.
    fewest_codes: int = 64          # Of the first scale; they grow evenly
    most_codes: int = 192           # to those of the last.
    tokenizer_dropout: float = 0.0
    width: int = 192                # Channels of the transformer.
    layers: int = 5                 # Its blocks.
    heads: int = 3                  # Attention heads of each.
    feed_forward: int = 384         # Channels of each SwiGLU.
    dropout: float = 0.2            # After each sub-layer.
    attention_dropout: float = 0.0  # Of attention's weights; costs a third of a step on a CPU.
    text_encoder: str = 'minilm'    # By name; its own weights are never kept here.
    text: int = 384                 # Numbers of a word: the text encoder's width.

    @property
    def codes(self) -> tuple[int, ...]:
        """Codes of each scale."""
        last = max(1, len(self.scales) - 1)
        return tuple(
            round(self.fewest_codes + (self.most_codes - self.fewest_codes) * scale / last)
            for scale in range(len(self.scales)))

    @property
    def frames_per_latent(self) -> int:
        """Frames that become one latent."""
        return self._autoencoder.frames_per_latent

    @property
    def longest_frames(self) -> int:
        """Frames of the longest clip."""
        return self.scales[-1] * self.frames_per_latent

    @property
    def _autoencoder(self) -> AutoencoderSizes:
        return AutoencoderSizes(
            self.features, self.tokenizer_width, self.multipliers, self.encoder_blocks,
            self.decoder_blocks, self.latent, self.tokenizer_dropout)

    def tokenizer(self) -> MosaTokenizer:
        """Build an untrained tokeniser."""
        return MosaTokenizer(self._autoencoder, self.scales, self.codes)

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
