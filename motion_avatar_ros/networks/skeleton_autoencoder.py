# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
ScaleMoGen's autoencoder (arXiv 2605.11704): 22 joints to 7 parts, frames to a quarter, and back.

A latent of a part is made of its own joints and their neighbours, and makes these again: nothing
mixes parts that are apart in the body.

Differs from the paper: levels have widths of their own and the 7 parts blocks too, which costs
little where there are few nodes; and a linear path beside encoder and decoder, from a part's
joints in four frames to its latent and back. What a linear map can carry is learnt at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.networks.joint_features import JOINT_WIDTH, JointFeatures
from motion_avatar_ros.networks.skeleton_blocks import (
    NodeLinear, SkeletonBlock, SkeletonPool, SkeletonUnpool, masked,
)
from motion_avatar_ros.networks.skeleton_parts import (
    BODY_EDGES, BODY_PARTS, JOINT_EDGES, SKELETON_EDGES, SKELETON_PARTS, joints_of_body_parts,
    membership, neighbour_means,
)

FRAMES_PER_LATENT = 4


@dataclass(frozen=True)
class SkeletonSizes:
    """
    Sizes of the encoder and the decoder.

    Attributes:
        widths: channels of 22 joints, 12 parts and 7 parts.
        blocks: residual blocks of joints and of 12 parts,
        body_blocks: and of 7 parts; of encoder and decoder each.
        bits: channels of a part's latent.
        dropout: inside residual blocks.
    """

    widths: tuple[int, int, int]
    blocks: int
    body_blocks: int
    bits: int
    dropout: float


class Level(nn.Module):
    """Residual blocks of one level of the skeleton."""

    def __init__(self, channels: int, blocks: int, neighbours: Tensor, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            SkeletonBlock(channels, neighbours, dropout) for _ in range(blocks))

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, T, J, C) to the same."""
        for block in self.blocks:
            x = block(x, is_real)
        return x


class PartPath(nn.Module):
    """A linear map between a part's joints in four frames and its latent."""

    def __init__(self, bits: int, is_encoder: bool) -> None:
        super().__init__()
        members = joints_of_body_parts()[:, None, None, :, None].expand(
            -1, bits, FRAMES_PER_LATENT, -1, JOINT_WIDTH)
        mask = members.flatten(2).flatten(0, 1)     # (7 bits, numbers of four frames)
        self.register_buffer('mask', mask if is_encoder else mask.T, persistent=False)
        self.weight = nn.Parameter(
            self.get_buffer('mask') * torch.randn(self.get_buffer('mask').shape)
            / self.get_buffer('mask').sum(dim=1, keepdim=True).sqrt())

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., numbers of four frames) to (..., 7 bits), or back."""
        return functional.linear(x, self.weight * self.get_buffer('mask'))


class SkeletonEncoder(nn.Module):
    """Frames to latents."""

    def __init__(self, sizes: SkeletonSizes) -> None:
        super().__init__()
        joint, part, body = sizes.widths
        self.features = JointFeatures()
        self.joint_in = NodeLinear(JOINT_COUNT, JOINT_WIDTH, joint)
        self.joint_out = NodeLinear(JOINT_COUNT, joint, joint)
        self.joints = Level(joint, sizes.blocks, neighbour_means(JOINT_EDGES), sizes.dropout)
        self.to_parts = SkeletonPool(membership(SKELETON_PARTS, JOINT_COUNT))
        self.widen_parts = nn.Linear(joint, part)
        self.parts = Level(part, sizes.blocks, neighbour_means(SKELETON_EDGES), sizes.dropout)
        self.to_body = SkeletonPool(membership(BODY_PARTS, len(SKELETON_PARTS)))
        self.widen_body = nn.Linear(part, body)
        self.body = Level(body, sizes.body_blocks, neighbour_means(BODY_EDGES), sizes.dropout)
        self.to_latent = nn.Linear(body, sizes.bits)
        self.straight = PartPath(sizes.bits, is_encoder=True)

    def forward(self, frames: Tensor, is_real: Tensor) -> Tensor:
        """Map scored frames (B, T, 269), real in (B, T), to latents (B, T / 4, 7 bits)."""
        real = is_real[..., None, None].to(frames.dtype)
        split = self.features.split(frames) * real
        x = masked(self.joint_out(functional.gelu(self.joint_in(split))), real)
        x = self.joints(x, real)
        real = real[:, ::2]
        x = self.parts(masked(self.widen_parts(self.to_parts(x)), real), real)
        real = real[:, ::2]
        x = self.body(masked(self.widen_body(self.to_body(x)), real), real)
        straight = self.straight(split.unflatten(1, (-1, FRAMES_PER_LATENT)).flatten(2))
        return (self.to_latent(x).flatten(2) + straight) * real[..., 0]


class SkeletonDecoder(nn.Module):
    """Latents to frames."""

    def __init__(self, sizes: SkeletonSizes) -> None:
        super().__init__()
        joint, part, body = sizes.widths
        self.from_latent = nn.Linear(sizes.bits, body)
        self.body = Level(body, sizes.body_blocks, neighbour_means(BODY_EDGES), sizes.dropout)
        self.narrow_body = nn.Linear(body, part)
        self.to_parts = SkeletonUnpool(membership(BODY_PARTS, len(SKELETON_PARTS)))
        self.parts = Level(part, sizes.blocks, neighbour_means(SKELETON_EDGES), sizes.dropout)
        self.narrow_parts = nn.Linear(part, joint)
        self.to_joints = SkeletonUnpool(membership(SKELETON_PARTS, JOINT_COUNT))
        self.joints = Level(joint, sizes.blocks, neighbour_means(JOINT_EDGES), sizes.dropout)
        self.joint_in = NodeLinear(JOINT_COUNT, joint, joint)
        self.joint_out = NodeLinear(JOINT_COUNT, joint, JOINT_WIDTH)
        self.straight = PartPath(sizes.bits, is_encoder=False)
        self.features = JointFeatures()

    def forward(self, latents: Tensor, is_real: Tensor) -> Tensor:
        """Map latents (B, N, 7 bits), real in (B, N), to scored frames (B, 4 N, 269)."""
        real = is_real[..., None, None].to(latents.dtype)
        straight = self.straight(latents).unflatten(
            -1, (FRAMES_PER_LATENT, JOINT_COUNT, JOINT_WIDTH)).flatten(1, 2)
        x = masked(self.from_latent(latents.unflatten(-1, (len(BODY_PARTS), -1))), real)
        x = self.body(x, real)
        x = self.to_parts(self.narrow_body(x), real)
        real = real.repeat_interleave(2, dim=1)
        x = self.parts(masked(x, real), real)
        x = self.to_joints(self.narrow_parts(x), real)
        real = real.repeat_interleave(2, dim=1)
        x = self.joints(masked(x, real), real)
        x = self.joint_out(functional.gelu(self.joint_in(functional.gelu(x))))
        return self.features.joined((x + straight) * real)
