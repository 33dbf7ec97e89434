# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
ScaleMoGen (Hwang et al., arXiv 2605.11704): motion from words, map after map of body parts.

A tokeniser that keeps to the skeleton (`skeleton_tokenizer`) and a transformer that writes its
bits map after map (`bitwise_transformer`). Sizes and choices are in one configuration.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from motion_avatar_ros.networks.bit_quantizer import BitQuantizer
from motion_avatar_ros.networks.bitwise_transformer import BitwiseSizes, BitwiseTransformer
from motion_avatar_ros.networks.joint_features import FRAME_WIDTH
from motion_avatar_ros.networks.part_scales import CHAIN_GROUPS, SHORT_LENGTHS
from motion_avatar_ros.networks.skeleton_autoencoder import FRAMES_PER_LATENT, SkeletonSizes
from motion_avatar_ros.networks.skeleton_tokenizer import SkeletonTokenizer


@dataclass(frozen=True)
class ScaleMoGenConfig:
    """Sizes of both stages."""

    widths: tuple[int, int, int] = (32, 96, 256)    # Channels of joints, 12 parts, 7 parts.
    blocks: int = 2                 # Residual blocks of joints and of 12 parts,
    body_blocks: int = 1            # and of 7 parts.
    bits: int = 16                  # Of a token: channels of a part's latent.
    tokenizer_dropout: float = 0.0
    scale_dropout: float = 0.5      # Share of the maps that add nothing while it learns.
    lengths: tuple[int, ...] = SHORT_LENGTHS    # Of the maps, for the longest clip.
    groups: tuple[int, ...] = CHAIN_GROUPS      # Of parts, of each map.
    width: int = 192                # Channels of the transformer.
    layers: int = 5                 # Its blocks.
    heads: int = 3                  # Attention heads of each.
    feed_forward: int = 512         # Channels of each feed-forward layer.
    dropout: float = 0.1            # Of whole sub-layers, in the last block; rises from none.
    text_encoder: str = 'minilm'    # By name; its own weights are never kept here.
    text: int = 384                 # Numbers of a word: the text encoder's width.

    @property
    def features(self) -> int:
        """Numbers of a frame."""
        return FRAME_WIDTH

    @property
    def frames_per_latent(self) -> int:
        """Frames that become one latent."""
        return FRAMES_PER_LATENT

    @property
    def longest_frames(self) -> int:
        """Frames of the longest clip."""
        return self.lengths[-1] * FRAMES_PER_LATENT

    def tokenizer(self) -> SkeletonTokenizer:
        """Build an untrained tokeniser."""
        return SkeletonTokenizer(
            SkeletonSizes(
                self.widths, self.blocks, self.body_blocks, self.bits, self.tokenizer_dropout),
            BitQuantizer(self.lengths, self.groups, self.bits))

    def transformer(self) -> BitwiseTransformer:
        """Build an untrained transformer."""
        return BitwiseTransformer(
            BitwiseSizes(
                self.width, self.layers, self.heads, self.feed_forward, self.dropout, self.text,
                self.bits),
            self.lengths, self.groups)


class ScaleMoGenNetwork(nn.Module):
    """Both stages, as inference needs them."""

    def __init__(self, config: ScaleMoGenConfig) -> None:
        super().__init__()
        self.config = config
        self.tokenizer = config.tokenizer()
        self.transformer = config.transformer()
