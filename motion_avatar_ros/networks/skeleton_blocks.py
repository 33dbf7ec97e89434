# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Convolution over a skeleton and time, and pooling between levels of the skeleton.

ScaleMoGen's layers (arXiv 2605.11704), after SALAD's. Everything is (B, T, J, C) with a mask
(B, T, 1, 1) of frames that are real; the others are zero behind every layer, so that a clip comes
out as it would alone.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def masked(x: Tensor, is_real: Tensor) -> Tensor:
    """Return x with zeros where `is_real` is 0, of the type of x: no other is worth its time."""
    return x * is_real.to(x.dtype)


class SkeletonConv(nn.Module):
    """
    A convolution over time, and the mean of a node and its neighbours, by a matrix.

    The paper's matrix for the node itself is the middle tap of the convolution.
    """

    def __init__(self, channels: int, neighbours: Tensor) -> None:
        """
        Build.

        Args:
            channels: in and out.
            neighbours: (J, J), see `neighbour_means`.
        """
        super().__init__()
        self.register_buffer('neighbours', neighbours, persistent=False)
        self.mix = nn.Linear(channels, channels, bias=False)
        self.conv = nn.Conv2d(channels, channels, (3, 1), padding=(1, 0))

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, T, J, C) to the same."""
        around = self.mix(self.get_buffer('neighbours').to(x.dtype) @ x)
        # Seen as images, channels last: nothing is moved.
        along = self.conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return masked(along + around, is_real)


class SkeletonBlock(nn.Module):
    """Twice GELU and a convolution beside a straight path; begins as that path."""

    def __init__(self, channels: int, neighbours: Tensor, dropout: float) -> None:
        super().__init__()
        self.first = SkeletonConv(channels, neighbours)
        self.last = SkeletonConv(channels, neighbours)
        self.dropout = nn.Dropout(dropout)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, T, J, C) to the same."""
        h = self.first(functional.gelu(x), is_real)
        return x + self.dropout(self.last(functional.gelu(h), is_real))


class SkeletonPool(nn.Module):
    """Parts as weighted means of their members, and half as many frames, means of two."""

    def __init__(self, members: Tensor) -> None:
        """
        Build.

        Args:
            members: (parts, J), 1 where a node is in a part, see `membership`.
        """
        super().__init__()
        self.register_buffer('members', members > 0.0, persistent=False)
        self.weight = nn.Parameter(torch.zeros_like(members))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, J, C), T even, to (B, T / 2, parts, C)."""
        share = self.weight.masked_fill(
            ~self.get_buffer('members'), -torch.inf).softmax(dim=-1)
        halved = x.unflatten(1, (-1, 2)).mean(dim=2)
        return share.to(x.dtype) @ halved


class SkeletonUnpool(nn.Module):
    """Nodes as sums of the parts that they are in, and twice as many frames, in between."""

    def __init__(self, members: Tensor) -> None:
        """
        Build.

        Args:
            members: (parts, J), 1 where a node is in a part.
        """
        super().__init__()
        self.register_buffer('members', members.T > 0.0, persistent=False)
        self.weight = nn.Parameter((members / members.sum(dim=0)).T.contiguous())

    def forward(self, x: Tensor, is_real: Tensor) -> Tensor:
        """Map (B, T, parts, C), real in (B, T, 1, 1), to (B, 2 T, J, C)."""
        share = self.weight.relu() * self.get_buffer('members')
        x = share.to(x.dtype) @ x
        # Beside a clip's first and last frame stand these frames themselves.
        before = torch.cat((x[:, :1], x[:, :-1]), dim=1)
        is_followed = functional.pad(is_real[:, 1:], (0, 0, 0, 0, 0, 1)) > 0.0
        after = torch.where(is_followed, functional.pad(x[:, 1:], (0, 0, 0, 0, 0, 1)), x)
        doubled = torch.stack((0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after), dim=2)
        return doubled.flatten(1, 2)


class NodeLinear(nn.Module):
    """A matrix of its own for each node."""

    def __init__(self, nodes: int, channels: int, out_channels: int) -> None:
        super().__init__()
        bound = channels ** -0.5
        self.weight = nn.Parameter(
            torch.empty(nodes, channels, out_channels).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(nodes, out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, J, C) to (B, T, J, out)."""
        by_node = x.permute(2, 0, 1, 3).flatten(1, 2)
        mixed = torch.baddbmm(self.bias[:, None], by_node, self.weight)
        return mixed.unflatten(1, x.shape[:2]).permute(1, 2, 0, 3)
