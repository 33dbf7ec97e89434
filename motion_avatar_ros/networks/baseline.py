# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The one-stage causal transformer that the field measures itself against.

AvatarPoser's shape (Jiang et al., ECCV 2022): sparse observations, a linear embedding, three
transformer layers over 40 frames, one head for the root's orientation and one for the 21 body
joints. Differences: pre-norm, a band of 40 past frames per layer instead of windows of 40
(`banded_attention`), every frame supervised, and a third head that predicts its own error.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from motion_avatar_ros.body.rotations import matrix_from_6d
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.networks.banded_attention import BandedBlock
from motion_avatar_ros.networks.output_head import output_head
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER

_IDENTITY_6D = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class BaselineConfig:
    """Sizes of the network."""

    trackers: int = 3       # Tracked joints: head, left hand, right hand.
    width: int = 256        # Channels of every layer.
    layers: int = 3         # Transformer blocks.
    heads: int = 8          # Attention heads of each.
    band: int = 40          # Frames a frame attends to in each layer, itself included.
    dropout: float = 0.1    # After each sub-layer and inside the feed-forward ones.


@dataclass(frozen=True)
class BaselineState:
    """What a batch of streams carries from frame to frame."""

    past: tuple[Tensor, ...]    # Per layer: keys and values (2, B, heads, P, width / heads).
    filled: Tensor              # (B,) real frames among the P.


@dataclass(frozen=True)
class BaselineOutput:
    """
    The estimate for T frames.

    Attributes:
        local_rotations: (B, T, 22, 3, 3), the root's relative to the head-heading frame.
        log_error: (B, T, 2) natural logarithm of the expected mean joint position error [m] of
            the upper and of the lower body.
    """

    local_rotations: Tensor
    log_error: Tensor


class BaselineNetwork(nn.Module):
    """Sparse observations to local rotations, causally."""

    feature_mean: Tensor
    feature_std: Tensor
    mean_pose_6d: Tensor

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config
        inputs = config.trackers * FEATURES_PER_TRACKER
        self.register_buffer('feature_mean', torch.zeros(inputs))
        self.register_buffer('feature_std', torch.ones(inputs))
        self.register_buffer('mean_pose_6d', torch.tensor(_IDENTITY_6D).repeat(JOINT_COUNT))
        self.embed = nn.Linear(inputs, config.width)
        self.blocks = nn.ModuleList(
            BandedBlock(config.width, config.heads, config.band, config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.to_root = output_head(config.width, 6)
        self.to_body = output_head(config.width, 6 * (JOINT_COUNT - 1))
        self.to_log_error = output_head(config.width, 2)

    def initial_state(self, batch: int) -> BaselineState:
        """Return the state of streams that have seen nothing yet."""
        config = self.config
        empty = self.feature_mean.new_zeros(
            2, batch, config.heads, 0, config.width // config.heads)
        filled = torch.zeros(batch, dtype=torch.long, device=empty.device)
        return BaselineState((empty,) * config.layers, filled)

    def forward(
        self, features: Tensor, state: BaselineState | None = None
    ) -> tuple[BaselineOutput, BaselineState]:
        """
        Estimate consecutive frames.

        Args:
            features: (B, T, trackers, 18), see `trackers.observation`.
            state: what the frames before left; None at the start of the streams.
        """
        state = state or self.initial_state(len(features))
        # Under autocast the sums between layers and the heads stay in fp32: rounding them would
        # tremble by millimetres from frame to frame.
        x = self.embed((features.flatten(-2) - self.feature_mean) / self.feature_std).float()
        past = []
        for block, before in zip(self.blocks, state.past, strict=True):
            x, after = block(x, before, state.filled)
            past.append(after)
        filled = (state.filled + features.shape[1]).clamp(max=past[0].shape[-2])
        with torch.autocast(x.device.type, enabled=False):
            x = self.norm(x)
            pose_6d = self.mean_pose_6d + torch.cat((self.to_root(x), self.to_body(x)), dim=-1)
            output = BaselineOutput(
                matrix_from_6d(pose_6d.unflatten(-1, (JOINT_COUNT, 6))),
                # The error head reads the features but does not shape them.
                self.to_log_error(x.detach()),
            )
        return output, BaselineState(tuple(past), filled)
