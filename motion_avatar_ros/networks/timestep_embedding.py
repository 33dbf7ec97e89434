# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The timestep of a diffusion model as a vector: sinusoids, and two layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

_FREQUENCIES = 64


class TimestepEmbedding(nn.Sequential):
    """Timesteps (B,) to (B, width)."""

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.Linear(2 * _FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, timestep: Tensor) -> Tensor:
        """Embed timesteps of the forward process."""
        rates = torch.exp(torch.arange(_FREQUENCIES, device=timestep.device)
                          * (-math.log(10_000.0) / _FREQUENCIES))
        angles = timestep.float()[:, None] * rates
        return super().forward(torch.cat((angles.cos(), angles.sin()), dim=-1))
