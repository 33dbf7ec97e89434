# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MAGE: a multi-stage avatar generator (Du et al., arXiv 2505.06411), causal and streamed.

A diffusion model that predicts the clean pose over three stages, 6 parts, 11 parts, 22 joints.
*Gradual*, which the paper found best: one denoiser passes through all stages, with no noise
between them. *Sequential*: a denoiser for each stage, which samples its scale of the body to the
end before the next begins. The paper's blocks see 120 frames at once; these are causal bands of
past frames whose keys and values are kept (`banded_attention`), so that a live frame costs one
token per sampler step and nothing is computed twice.

The noise of a stream is one vector for all of its frames: independent noise per frame is what
makes diffusion tremble at the newest frame, and here it would be learned to be averaged away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from motion_avatar_ros.body.rotations import matrix_from_6d
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.networks.body_parts import PART_FEATURES
from motion_avatar_ros.networks.mage_denoiser import (
    FUSIONS, DenoiserSizes, DenoiserState, MageDenoiser,
)
from motion_avatar_ros.networks.output_head import output_head
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER

VARIANTS = ('gradual', 'sequential')
_POSE_SIZE = 6 * JOINT_COUNT
_IDENTITY_6D = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class MageConfig:
    """Sizes of the network and its choices."""

    trackers: int = 6               # Head, hands, pelvis, feet; all but the head may be absent.
    variant: str = 'gradual'        # One denoiser for all stages, or sequential: one for each.
    stages: tuple[int, ...] = (6, 11, 22)   # Parts of each stage; the last is 22 joints.
    blocks: tuple[int, ...] = (1, 1, 2)     # Transformer blocks of each stage.
    fusion: str = 'c+f+f_rec'       # What a stage sees: c+f | c+f_rec | c+f+f_rec.
    width: int = 192                # Channels of every layer.
    heads: int = 6                  # Attention heads of each block.
    band: int = 40                  # Frames a frame attends to in each block, itself included.
    dropout: float = 0.2            # After each sub-layer and inside the feed-forward ones.
    training_steps: int = 1000      # T of the forward process, cosine schedule.

    def __post_init__(self) -> None:
        for name, value, allowed in (
                ('fusion', self.fusion, FUSIONS), ('variant', self.variant, VARIANTS)):
            if value not in allowed:
                raise ValueError(f"{name} '{value}' is unknown; allowed: {', '.join(allowed)}")
        if len(self.stages) != len(self.blocks) or self.stages not in (
                (JOINT_COUNT,), (6, JOINT_COUNT), (11, JOINT_COUNT), (6, 11, JOINT_COUNT)):
            raise ValueError(
                f'stages {self.stages} with blocks {self.blocks}: as many of each, stages of 6 '
                f'and 11 parts before the last one of {JOINT_COUNT}')

    @property
    def phases(self) -> tuple[tuple[int, ...], ...]:
        """The stages of each denoiser."""
        return (self.stages,) if self.variant == 'gradual' else tuple(
            (parts,) for parts in self.stages)


@dataclass(frozen=True)
class MagePose:
    """
    The whole body of T frames, as the last denoiser gives it.

    Attributes:
        local_rotations: (..., B, T, 22, 3, 3), the root's relative to the head-heading frame.
        log_error: (..., B, T, 2) natural logarithm of the expected mean joint position error [m]
            of the upper and of the lower body.
    """

    local_rotations: Tensor
    log_error: Tensor


@dataclass(frozen=True)
class MageOutput:
    """
    The estimate of one denoiser for T frames.

    Attributes:
        x0: (B, T, `noise_size`) the predicted clean motion, z-scored.
        parts: (B, T, parts, 9) recovered by each stage before the last one, by number of parts.
        pose: of the last denoiser.
    """

    x0: Tensor
    parts: Mapping[int, Tensor]
    pose: MagePose | None


class MageNetwork(nn.Module):
    """Sparse observations and a noisy motion to the clean one, causally, phase by phase."""

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, config: MageConfig) -> None:
        super().__init__()
        self.config = config
        inputs = config.trackers * FEATURES_PER_TRACKER
        self.register_buffer('feature_mean', torch.zeros(inputs))
        self.register_buffer('feature_std', torch.ones(inputs))
        self.denoisers = nn.ModuleList()
        first = 0
        for phase, stages in enumerate(config.phases):
            size = self.noise_size(phase)
            mean = torch.tensor(_IDENTITY_6D).repeat(JOINT_COUNT) if (
                size == _POSE_SIZE) else torch.zeros(size)
            self.register_buffer(f'motion_mean_{phase}', mean)
            self.register_buffer(f'motion_std_{phase}', torch.ones(size))
            self.denoisers.append(MageDenoiser(DenoiserSizes(
                inputs=inputs + config.trackers, noisy=size,
                blocks=config.blocks[first:first + len(stages)], hands_on=stages[:-1],
                given=config.stages[first - 1] if first else None,
                fusion=config.fusion, width=config.width, heads=config.heads, band=config.band,
                dropout=config.dropout)))
            first += len(stages)
        self.to_coarse = nn.ModuleList(
            output_head(config.width, self.noise_size(phase))
            for phase in range(len(config.phases) - 1))
        self.to_root = output_head(config.width, 6)
        self.to_body = output_head(config.width, _POSE_SIZE - 6)
        self.to_log_error = output_head(config.width, 2)

    def noise_size(self, phase: int) -> int:
        """Return how many numbers of a frame a phase denoises."""
        parts = self.config.phases[phase][-1]
        return _POSE_SIZE if parts == JOINT_COUNT else PART_FEATURES * parts

    def motion_statistics(self, phase: int) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of what a phase denoises: buffers, to be filled."""
        return getattr(self, f'motion_mean_{phase}'), getattr(self, f'motion_std_{phase}')

    def initial_state(self, batch: int, phase: int = 0) -> DenoiserState:
        """Return the state of streams that have seen nothing yet."""
        return cast(MageDenoiser, self.denoisers[phase]).initial_state(batch)

    def forward(
        self, features: Tensor, noisy: Tensor, timestep: Tensor,
        state: DenoiserState | None = None, phase: int = 0, given: Tensor | None = None,
    ) -> tuple[MageOutput, DenoiserState]:
        """
        Denoise consecutive frames.

        Args:
            features: (B, T, trackers, 18), see `trackers.observation`; NaN where a tracker is
                absent.
            noisy: (B, T, `noise_size`) z-scored motion at `timestep`.
            timestep: (B,) of the forward process.
            state: what the frames before left at this timestep; None at the streams' start.
            phase: which denoiser.
            given: (B, T, parts, 9) recovered by the phase before, for every phase but the first.
        """
        latent, coarse, state = self.denoisers[phase](
            self._scored(features), noisy, timestep, given, state)
        stages = self.config.phases[phase]
        parts = dict(zip(stages[:-1], coarse, strict=True))
        mean, std = self.motion_statistics(phase)
        with torch.autocast(latent.device.type, enabled=False):
            if stages[-1] != JOINT_COUNT:
                x0 = self.to_coarse[phase](latent)
                parts[stages[-1]] = (mean + std * x0).unflatten(-1, (-1, PART_FEATURES))
                return MageOutput(x0, parts, None), state
            x0 = torch.cat((self.to_root(latent), self.to_body(latent)), dim=-1)
            rotations = matrix_from_6d((mean + std * x0).unflatten(-1, (JOINT_COUNT, 6)))
            # The error head reads the features but does not shape them.
            pose = MagePose(rotations, self.to_log_error(latent.detach()))
        return MageOutput(x0, parts, pose), state

    def _scored(self, features: Tensor) -> Tensor:
        """Z-score (B, T, trackers, 18), absent trackers being zero, and add who is there."""
        is_present = ~features.isnan().any(dim=-1)
        scored = (features.flatten(-2) - self.feature_mean) / self.feature_std
        scored = scored.unflatten(-1, features.shape[-2:]).masked_fill(
            ~is_present[..., None], 0.0)
        return torch.cat((scored.flatten(-2), is_present.to(scored.dtype)), dim=-1)
