# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoMask (Guo et al., CVPR 2024, arXiv 2312.00063), a baseline beside MoSa at the same budget.
"""

from __future__ import annotations

from dataclasses import dataclass

from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.networks.residual_quantizer import ResidualQuantizer
from motion_avatar_ros.networks.token_generator import TokenGeneratorConfig


@dataclass(frozen=True)
class MomaskConfig(TokenGeneratorConfig):
    """Sizes of all stages."""

    layer_dropout: float = 0.2      # Share of learnt clips that are told by a few layers only.
    longest: int = 49               # Latents of the longest clip.
    quantizer_layers: int = 5
    codes_per_layer: int = 256

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
