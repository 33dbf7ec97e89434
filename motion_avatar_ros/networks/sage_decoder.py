# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SAGE's full-body decoder: tokens of both halves and the observation to poses of a window."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.networks.output_head import output_head
from motion_avatar_ros.networks.sequence_encoder import SequenceEncoder, sinusoidal_positions


class SageDecoder(nn.Module):
    """(B, T / 2, latent) twice and (B, T, features) to what is added to the mean pose."""

    def __init__(
        self, features: int, latent: int, width: int, layers: int, heads: int, dropout: float
    ) -> None:
        super().__init__()
        self.embed_features = nn.Conv1d(features, width, 2, stride=2)
        self.embed_latents = nn.Linear(2 * latent, width)
        self.encoder = SequenceEncoder(width, layers, heads, dropout)
        self.upsample = nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)
        # A token is two frames: which of them, and how it moves, only the observation says.
        self.add_features = nn.Linear(features, width)
        self.norm = nn.LayerNorm(width)
        self.to_root = output_head(width, 6)
        self.to_body = output_head(width, 6 * (JOINT_COUNT - 1))
        self.to_log_error = output_head(width, 2)

    def forward(self, features: Tensor, upper: Tensor, lower: Tensor) -> tuple[Tensor, Tensor]:
        """
        Decode.

        Args:
            features: (B, T, features), z-scored.
            upper, lower: (B, T / 2, latent), z-scored.

        Returns:
            (B, T, 132) to add to the mean pose, and the logarithm (B, T, 2) of the expected
            mean joint error [m] of the upper and of the lower body.
        """
        x = self.embed_features(features.transpose(1, 2)).transpose(1, 2)
        x = x + self.embed_latents(torch.cat((upper, lower), dim=-1))
        x = self.encoder((x + sinusoidal_positions(x)).float())
        x = self.upsample(x.transpose(1, 2)).transpose(1, 2)
        x = x.float() + self.add_features(features).float()
        with torch.autocast(x.device.type, enabled=False):
            x = self.norm(x)
            pose = torch.cat((self.to_root(x), self.to_body(x)), dim=-1)
            # The error head reads the features but does not shape them.
            return pose, self.to_log_error(x.detach())
