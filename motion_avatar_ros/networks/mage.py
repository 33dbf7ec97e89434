# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MAGE: a multi-stage avatar generator (Du et al., arXiv 2505.06411), causal and streamed.

One diffusion model that predicts the clean pose in three phases, 6 parts, 11 parts, 22 joints
(the paper's *gradual* model: no noise between the phases). Each phase sees the sparse
observation C, the latent F of the phase before and the embedding F_rec of the motion it
recovered (section 3.3; fusion by concatenation, Table 5). The paper's blocks see 120 frames at
once; these are causal bands of past frames whose keys and values are kept (`banded_attention`),
so that a live frame costs one token per sampler step and nothing is computed twice.

The noise of a stream is one vector for all of its frames: independent noise per frame is what
makes diffusion tremble at the newest frame, and here it would be learned to be averaged away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math
from typing import cast

import torch
from torch import Tensor, nn

from motion_avatar_ros.body.rotations import matrix_from_6d
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.networks.banded_attention import BandedBlock, SharedDropout
from motion_avatar_ros.networks.body_parts import PART_FEATURES
from motion_avatar_ros.networks.output_head import output_head
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER

POSE_SIZE = 6 * JOINT_COUNT
FUSIONS = ('c+f', 'c+f_rec', 'c+f+f_rec')
_IDENTITY_6D = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_TIME_FREQUENCIES = 64


@dataclass(frozen=True)
class MageConfig:
    """Sizes of the network and its choices."""

    trackers: int = 6               # Head, hands, pelvis, feet; all but the head may be absent.
    stages: tuple[int, ...] = (6, 11, 22)   # Parts of each phase; the last is 22 joints.
    blocks: tuple[int, ...] = (1, 1, 2)     # Transformer blocks of each phase.
    fusion: str = 'c+f+f_rec'       # What a phase sees: c+f | c+f_rec | c+f+f_rec.
    width: int = 192                # Channels of every layer.
    heads: int = 6                  # Attention heads of each block.
    band: int = 40                  # Frames a frame attends to in each block, itself included.
    dropout: float = 0.2            # After each sub-layer and inside the feed-forward ones.
    training_steps: int = 1000      # T of the forward process, cosine schedule.

    def __post_init__(self) -> None:
        if self.fusion not in FUSIONS:
            raise ValueError(f"fusion '{self.fusion}' is unknown; allowed: {', '.join(FUSIONS)}")
        if len(self.stages) != len(self.blocks) or self.stages[-1:] != (JOINT_COUNT,) or not (
                set(self.stages[:-1]) <= {6, 11}):
            raise ValueError(
                f'stages {self.stages} with blocks {self.blocks}: as many of each, stages of 6 '
                f'and 11 parts before the last one of {JOINT_COUNT}')


@dataclass(frozen=True)
class MageState:
    """What a batch of streams carries from frame to frame, for one timestep of the sampler."""

    past: tuple[Tensor, ...]    # Per block: keys and values (2, B, heads, P, width / heads).
    filled: Tensor              # (B,) real frames among the P.


@dataclass(frozen=True)
class MageOutput:
    """
    The estimate for T frames.

    Attributes:
        x0: (B, T, 132) the predicted clean pose, z-scored.
        local_rotations: (B, T, 22, 3, 3), the root's relative to the head-heading frame.
        parts: (B, T, parts, 9) recovered by each phase before the last, by number of parts.
        log_error: (B, T, 2) natural logarithm of the expected mean joint position error [m] of
            the upper and of the lower body.
    """

    x0: Tensor
    local_rotations: Tensor
    parts: Mapping[int, Tensor]
    log_error: Tensor


class MageNetwork(nn.Module):
    """Sparse observations and a noisy pose to the clean pose, causally."""

    feature_mean: Tensor
    feature_std: Tensor
    pose_mean: Tensor
    pose_std: Tensor

    def __init__(self, config: MageConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        inputs = config.trackers * FEATURES_PER_TRACKER
        self.register_buffer('feature_mean', torch.zeros(inputs))
        self.register_buffer('feature_std', torch.ones(inputs))
        self.register_buffer('pose_mean', torch.tensor(_IDENTITY_6D).repeat(JOINT_COUNT))
        self.register_buffer('pose_std', torch.ones(POSE_SIZE))
        self.embed_observation = nn.Linear(inputs + config.trackers, width)
        self.embed_noisy = nn.Linear(POSE_SIZE, width)
        self.embed_time = nn.Sequential(
            nn.Linear(2 * _TIME_FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self._has_latent = 'f' in config.fusion.split('+')
        coarse = [parts for parts in config.stages if parts != JOINT_COUNT]
        self.to_parts = nn.ModuleList(
            output_head(width, PART_FEATURES * parts) for parts in coarse)
        self.embed_parts = nn.ModuleList(
            nn.Linear(PART_FEATURES * parts, width) for parts in coarse)
        self.fuse = nn.ModuleList(
            nn.Linear(config.fusion.count('+') * width + width, width) for _ in coarse)
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                BandedBlock(width, config.heads, config.band, config.dropout, SharedDropout)
                for _ in range(count))
            for count in config.blocks)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in config.stages)
        self.to_root = output_head(width, 6)
        self.to_body = output_head(width, POSE_SIZE - 6)
        self.to_log_error = output_head(width, 2)

    def initial_state(self, batch: int) -> MageState:
        """Return the state of streams that have seen nothing yet."""
        config = self.config
        empty = self.feature_mean.new_zeros(
            2, batch, config.heads, 0, config.width // config.heads)
        filled = torch.zeros(batch, dtype=torch.long, device=empty.device)
        return MageState((empty,) * sum(config.blocks), filled)

    def _observe(self, features: Tensor) -> Tensor:
        """Embed the sparse observation as C (B, T, width)."""
        is_present = ~features.isnan().any(dim=-1)
        scored = (features.flatten(-2) - self.feature_mean) / self.feature_std
        scored = scored.unflatten(-1, features.shape[-2:]).masked_fill(
            ~is_present[..., None], 0.0)
        return self.embed_observation(
            torch.cat((scored.flatten(-2), is_present.to(scored.dtype)), dim=-1)).float()

    def forward(
        self, features: Tensor, noisy: Tensor, timestep: Tensor, state: MageState | None = None
    ) -> tuple[MageOutput, MageState]:
        """
        Denoise consecutive frames.

        Args:
            features: (B, T, trackers, 18), see `trackers.observation`; NaN where a tracker is
                absent.
            noisy: (B, T, 132) z-scored poses at `timestep`.
            timestep: (B,) of the forward process.
            state: what the frames before left at this timestep; None at the streams' start.
        """
        state = state or self.initial_state(len(features))
        observed = self._observe(features)
        time = self.embed_time(_sinusoids(timestep.float()))[:, None]
        # Under autocast the sums between layers and the heads stay in fp32.
        x = (observed + self.embed_noisy(noisy) + time).float()
        before = iter(state.past)
        past: list[Tensor] = []
        parts: dict[int, Tensor] = {}
        for stage, norm in enumerate(self.norms):
            for block in cast(nn.ModuleList, self.blocks[stage]):
                x, after = block(x, next(before), state.filled)
                past.append(after)
            if stage == len(self.blocks) - 1:
                break
            with torch.autocast(x.device.type, enabled=False):
                recovered = self.to_parts[stage](norm(x))
            parts[self.config.stages[stage]] = recovered.unflatten(-1, (-1, PART_FEATURES))
            fused = self._fused(stage, observed, x, recovered).float()
            x = x + fused if self._has_latent else fused
        filled = (state.filled + observed.shape[1]).clamp(max=past[0].shape[-2])
        with torch.autocast(x.device.type, enabled=False):
            x = self.norms[-1](x)
            x0 = torch.cat((self.to_root(x), self.to_body(x)), dim=-1)
            pose_6d = self.pose_mean + self.pose_std * x0
            output = MageOutput(
                x0, matrix_from_6d(pose_6d.unflatten(-1, (JOINT_COUNT, 6))), parts,
                # The error head reads the features but does not shape them.
                self.to_log_error(x.detach()))
        return output, MageState(tuple(past), filled)

    def _fused(self, stage: int, observed: Tensor, latent: Tensor, recovered: Tensor) -> Tensor:
        seen = [observed]
        if self._has_latent:
            seen.append(latent)
        if self.config.fusion.endswith('f_rec'):
            seen.append(self.embed_parts[stage](recovered))
        return self.fuse[stage](torch.cat([each.float() for each in seen], dim=-1))


def _sinusoids(timestep: Tensor) -> Tensor:
    """Embed timesteps (B,) as (B, 128)."""
    rates = torch.exp(torch.arange(_TIME_FREQUENCIES, device=timestep.device)
                      * (-math.log(10_000.0) / _TIME_FREQUENCIES))
    angles = timestep[:, None] * rates
    return torch.cat((angles.cos(), angles.sin()), dim=-1)
