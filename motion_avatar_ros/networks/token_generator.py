# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What networks that write a motion's tokens have in common: tokeniser, words, clip lengths."""

from __future__ import annotations

from dataclasses import dataclass

from motion_avatar_ros.networks.caq_autoencoder import AutoencoderSizes
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer


@dataclass(frozen=True)
class TokenGeneratorConfig:
    """Sizes of the tokeniser's autoencoder, and what the words are."""

    features: int = 269             # Numbers of a frame.
    tokenizer_width: int = 96       # Channels of the autoencoder's first level.
    multipliers: tuple[int, ...] = (1, 2, 1)    # Of the levels; all but the last halve frames.
    encoder_blocks: int = 2         # Residual blocks of a level.
    decoder_blocks: int = 3
    latent: int = 64                # Channels of a latent and of a code.
    tokenizer_dropout: float = 0.0
    layer_dropout: float = 0.0      # Share of learnt clips that are told by a few layers only.
    text_encoder: str = 'minilm'    # By name; its own weights are never kept here.
    text: int = 384                 # Numbers of a word: the text encoder's width.

    @property
    def codes(self) -> tuple[int, ...]:
        """Codes of each layer of the quantiser."""
        raise NotImplementedError

    @property
    def longest_latents(self) -> int:
        """Latents of the longest clip."""
        raise NotImplementedError

    @property
    def frames_per_latent(self) -> int:
        """Frames that become one latent."""
        return self.autoencoder.frames_per_latent

    @property
    def longest_frames(self) -> int:
        """Frames of the longest clip."""
        return self.longest_latents * self.frames_per_latent

    @property
    def autoencoder(self) -> AutoencoderSizes:
        """Sizes of the encoder and the decoder."""
        return AutoencoderSizes(
            self.features, self.tokenizer_width, self.multipliers, self.encoder_blocks,
            self.decoder_blocks, self.latent, self.tokenizer_dropout)

    def tokenizer(self) -> MotionTokenizer:
        """Build an untrained tokeniser."""
        raise NotImplementedError
