# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A denoiser of MAGE: from the sparse observation and noise over one or several scales of the body.

Each scale but the last hands on what it knows, by the fusion of section 3.3 of the paper: the
observation C, the latent F, and F_rec, the embedding of the motion that was recovered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from motion_avatar_ros.networks.banded_attention import BandedBlock, SharedDropout
from motion_avatar_ros.networks.body_parts import PART_FEATURES
from motion_avatar_ros.networks.output_head import output_head
from motion_avatar_ros.networks.timestep_embedding import TimestepEmbedding

FUSIONS = ('c+f', 'c+f_rec', 'c+f+f_rec')


@dataclass(frozen=True)
class DenoiserSizes:
    """Sizes of a denoiser."""

    inputs: int                 # Numbers of the observation of a frame.
    noisy: int                  # Numbers of what is denoised.
    blocks: tuple[int, ...]     # Transformer blocks of each scale.
    hands_on: tuple[int, ...]   # Parts of each scale but the last.
    given: int | None           # Parts of the motion that an earlier denoiser recovered.
    fusion: str                 # One of FUSIONS.
    width: int                  # Channels of every layer.
    heads: int                  # Attention heads of each block.
    band: int                   # Frames a frame attends to in each block, itself included.
    dropout: float              # After each sub-layer and inside the feed-forward ones.


@dataclass(frozen=True)
class DenoiserState:
    """What a batch of streams carries from frame to frame, for one timestep of the sampler."""

    past: tuple[Tensor, ...]    # Per block: keys and values (2, B, heads, P, width / heads).
    filled: Tensor              # (B,) real frames among the P.


class MageDenoiser(nn.Module):
    """Observation, noisy motion and timestep to the latent of the last scale, causally."""

    def __init__(self, sizes: DenoiserSizes) -> None:
        super().__init__()
        self.sizes = sizes
        width, fused = sizes.width, 1 + sizes.fusion.count('+')
        self.embed_observation = nn.Linear(sizes.inputs, width)
        self.embed_noisy = nn.Linear(sizes.noisy, width)
        self.embed_time = TimestepEmbedding(width)
        self.has_latent = 'f' in sizes.fusion.split('+')
        self.has_recovered = sizes.fusion.endswith('f_rec')
        if sizes.given:
            self.embed_given = nn.Linear(PART_FEATURES * sizes.given, width)
            self.fuse_given = nn.Linear(fused * width, width)
        self.to_parts = nn.ModuleList(
            output_head(width, PART_FEATURES * parts) for parts in sizes.hands_on)
        self.embed_parts = nn.ModuleList(
            nn.Linear(PART_FEATURES * parts, width) for parts in sizes.hands_on)
        self.fuse = nn.ModuleList(nn.Linear(fused * width, width) for _ in sizes.hands_on)
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                BandedBlock(width, sizes.heads, sizes.band, sizes.dropout, SharedDropout)
                for _ in range(count))
            for count in sizes.blocks)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in sizes.blocks)

    def initial_state(self, batch: int) -> DenoiserState:
        """Return the state of streams that have seen nothing yet."""
        sizes = self.sizes
        empty = self.embed_noisy.weight.new_zeros(
            2, batch, sizes.heads, 0, sizes.width // sizes.heads)
        filled = torch.zeros(batch, dtype=torch.long, device=empty.device)
        return DenoiserState((empty,) * sum(sizes.blocks), filled)

    def forward(
        self, observation: Tensor, noisy: Tensor, timestep: Tensor, given: Tensor | None,
        state: DenoiserState | None = None,
    ) -> tuple[Tensor, list[Tensor], DenoiserState]:
        """
        Denoise consecutive frames.

        Args:
            observation: (B, T, inputs).
            noisy: (B, T, noisy) at `timestep`.
            timestep: (B,) of the forward process.
            given: (B, T, parts, 9) recovered by an earlier denoiser, where `sizes.given` says so.
            state: what the frames before left at this timestep; None at the streams' start.

        Returns:
            The normalised latent (B, T, width) of the last scale; the parts (B, T, parts, 9) of
            those before; the state for the frames to come.
        """
        state = state or self.initial_state(len(observation))
        # Under autocast the sums between layers and the heads stay in fp32.
        observed = self.embed_observation(observation).float()
        latent = self.embed_noisy(noisy)
        if given is not None:
            latent = self._fused(
                self.fuse_given, observed, latent, self.embed_given(given.flatten(-2)))
        time = self.embed_time(timestep)[:, None]
        x = (observed + latent + time).float()
        before = iter(state.past)
        past: list[Tensor] = []
        parts: list[Tensor] = []
        for scale, norm in enumerate(self.norms):
            for block in cast(nn.ModuleList, self.blocks[scale]):
                x, after = block(x, next(before), state.filled)
                past.append(after)
            if scale == len(self.blocks) - 1:
                break
            with torch.autocast(x.device.type, enabled=False):
                recovered = self.to_parts[scale](norm(x))
            parts.append(recovered.unflatten(-1, (-1, PART_FEATURES)))
            fused = self._fused(
                self.fuse[scale], observed, x, self.embed_parts[scale](recovered)).float()
            x = x + fused if self.has_latent else fused
        filled = (state.filled + observed.shape[1]).clamp(max=past[0].shape[-2])
        with torch.autocast(x.device.type, enabled=False):
            x = self.norms[-1](x)
        return x, parts, DenoiserState(tuple(past), filled)

    def _fused(
        self, fuse: nn.Module, observed: Tensor, latent: Tensor, recovered: Tensor
    ) -> Tensor:
        seen = [observed]
        if self.has_latent:
            seen.append(latent)
        if self.has_recovered:
            seen.append(recovered)
        return fuse(torch.cat([each.float() for each in seen], dim=-1))
