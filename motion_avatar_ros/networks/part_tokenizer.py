# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
SAGE's tokeniser of half a body: a VQ-VAE of windows of motion (Feng et al., CVPR 2024).

Both halves hold the root. The tokeniser sees the sparse observation beside the motion, halves
the frames, and is used to make the targets of the latent diffusion only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from motion_avatar_ros.body.skeleton import LOWER_JOINTS, PELVIS, UPPER_JOINTS
from motion_avatar_ros.networks.product_quantizer import ProductQuantizer, Quantized
from motion_avatar_ros.networks.output_head import output_head
from motion_avatar_ros.networks.sequence_encoder import SequenceEncoder, sinusoidal_positions

#: Joints of each half, the root in both (SAGE, section 3.2).
PART_JOINTS = {
    'upper': (PELVIS, *UPPER_JOINTS),
    'lower': LOWER_JOINTS,
}
PARTS = tuple(PART_JOINTS)


@dataclass(frozen=True)
class TokenizerConfig:
    """Sizes of a tokeniser."""

    width: int = 256        # Channels of every layer.
    layers: int = 4         # Transformer blocks of the encoder, and as many of the decoder.
    heads: int = 4          # Attention heads of each.
    latent: int = 384       # Channels of a token.
    groups: int = 8         # Codebooks.
    entries: int = 64       # Codes of each.
    dropout: float = 0.1


class PartTokenizer(nn.Module):
    """Windows of one half's rotations to T / 2 quantised tokens, and back."""

    feature_mean: Tensor
    feature_std: Tensor
    motion_mean: Tensor
    motion_std: Tensor

    def __init__(self, config: TokenizerConfig, part: str, features: int) -> None:
        """
        Build.

        Args:
            config: sizes.
            part: 'upper' or 'lower'.
            features: numbers of the observation of a frame.
        """
        super().__init__()
        width, numbers = config.width, 6 * len(PART_JOINTS[part])
        self.config = config
        self.joints = PART_JOINTS[part]
        self.register_buffer('feature_mean', torch.zeros(features))
        self.register_buffer('feature_std', torch.ones(features))
        self.register_buffer('motion_mean', torch.zeros(numbers))
        self.register_buffer('motion_std', torch.ones(numbers))
        self.embed = nn.Linear(features + numbers, width)
        self.downsample = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.encoder = SequenceEncoder(width, config.layers, config.heads, config.dropout)
        self.to_latent = nn.Linear(width, config.latent)
        self.quantizer = ProductQuantizer(
            config.groups, config.entries, config.latent // config.groups)
        self.from_latent = nn.Linear(config.latent, width)
        self.decoder = SequenceEncoder(width, config.layers, config.heads, config.dropout)
        self.upsample = nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)
        self.to_motion = output_head(width, numbers)
        # Straight paths: what a linear map can carry need not be learnt by transformers.
        self.latent_straight = nn.Linear(width, config.latent)
        self.motion_straight = nn.Linear(config.latent, 2 * numbers)

    def train(self, mode: bool = True) -> PartTokenizer:
        """As `nn.Module.train`, but parts that are not trained stay as they are at inference."""
        super().train(mode)
        for part in self.children():
            if not any(parameter.requires_grad for parameter in part.parameters()):
                part.eval()
        return self

    def encode(
        self, features: Tensor, motion_6d: Tensor, is_hidden: Tensor | None = None
    ) -> Quantized:
        """
        Tokenise.

        Args:
            features: (B, T, features), T even.
            motion_6d: (B, T, joints, 6) of this half, see `joints`.
            is_hidden: (B, 1, joints, 1) joints of which only the mean is seen.

        Returns:
            Tokens (B, T / 2, latent).
        """
        latents = self.unquantised(features, motion_6d, is_hidden)
        with torch.autocast(latents.device.type, enabled=False):
            return self.quantizer(latents.float())

    def unquantised(
        self, features: Tensor, motion_6d: Tensor, is_hidden: Tensor | None = None
    ) -> Tensor:
        """Return what `encode` quantises, (B, T / 2, latent)."""
        scored = (features - self.feature_mean) / self.feature_std
        mean, std = (
            each.unflatten(-1, (-1, 6)) for each in (self.motion_mean, self.motion_std))
        moved = (motion_6d - mean) / std
        if is_hidden is not None:
            moved = moved.masked_fill(is_hidden, 0.0)
        x = self.embed(torch.cat((scored, moved.flatten(-2)), dim=-1))
        x = self.downsample(x.transpose(1, 2)).transpose(1, 2)
        return self.latent_straight(x) + self.to_latent(
            self.encoder(x + sinusoidal_positions(x)))

    def decode(self, latents: Tensor) -> Tensor:
        """Return the 6D rotations (B, T, joints, 6) of tokens (B, T / 2, latent)."""
        x = self.from_latent(latents)
        x = self.decoder(x + sinusoidal_positions(x))
        x = self.upsample(x.transpose(1, 2)).transpose(1, 2)
        with torch.autocast(x.device.type, enabled=False):
            straight = self.motion_straight(latents.float())
            scored = self.to_motion(x.float()) + straight.unflatten(-1, (2, -1)).flatten(-3, -2)
            motion = self.motion_mean + self.motion_std * scored
            return motion.unflatten(-1, (-1, 6))

    def forward(
        self, features: Tensor, motion_6d: Tensor, is_hidden: Tensor | None = None
    ) -> tuple[Tensor, Quantized]:
        """Return what is left of the motion, and its tokens."""
        tokens = self.encode(features, motion_6d, is_hidden)
        return self.decode(tokens.latents), tokens
