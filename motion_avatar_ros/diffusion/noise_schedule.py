# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The cosine noise schedule of diffusion (Nichol and Dhariwal, ICML 2021, equation 17)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_OFFSET = 0.008
_LARGEST_BETA = 0.999


def cosine_alpha_bars(steps: int = 1000) -> Tensor:
    """
    Return how much of the signal's variance is left after each step.

    Args:
        steps: T of the forward process.

    Returns:
        (T,) alpha-bar of the timesteps 0 .. T - 1, falling from almost 1 to almost 0.
    """
    def level(t: float) -> float:
        return math.cos((t + _OFFSET) / (1.0 + _OFFSET) * math.pi / 2.0) ** 2

    betas = torch.tensor([
        min(1.0 - level((t + 1) / steps) / level(t / steps), _LARGEST_BETA)
        for t in range(steps)], dtype=torch.float64)
    return torch.cumprod(1.0 - betas, dim=0).float()


def add_noise(x0: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """
    Return x_t = sqrt(alpha-bar) x0 + sqrt(1 - alpha-bar) noise.

    Args:
        x0, noise: (B, ...) of shapes that broadcast.
        alpha_bar: (B,) or a scalar.
    """
    alpha_bar = alpha_bar.reshape(-1, *(1,) * (x0.dim() - 1))
    return alpha_bar.sqrt() * x0 + (1.0 - alpha_bar).sqrt() * noise
