# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Deterministic DDIM (Song et al., ICLR 2021) for denoisers that predict x0.

With eta = 0 and x0 prediction a step from t to s is sqrt(alpha-bar_s) x0 + sqrt(1 - alpha-bar_s)
noise, the noise being the one that leads from the predicted x0 to x_t.
"""

from __future__ import annotations

import torch
from torch import Tensor

from motion_avatar_ros.diffusion.noise_schedule import add_noise


def trailing_timesteps(steps: int, training_steps: int) -> tuple[int, ...]:
    """
    Return evenly spaced timesteps, the last of training first.

    Starting from unit noise asks for this spacing: the usual 'leading' one begins where a
    seventh of the signal should be left (Lin et al., WACV 2024, section 3.3).

    Args:
        steps: of the sampler, at least 1.
        training_steps: T of the forward process.
    """
    if not 1 <= steps <= training_steps:
        raise ValueError(f'{steps=}: allowed are 1 to {training_steps}')
    return tuple(
        round(training_steps - number * training_steps / steps) - 1 for number in range(steps))


def leading_timesteps(steps: int, training_steps: int) -> tuple[int, ...]:
    """
    Return evenly spaced timesteps down to 0, the usual spacing: 800, 600 ... 0 of 1000 in five.

    Args:
        steps: of the sampler, at least 1.
        training_steps: T of the forward process.
    """
    if not 1 <= steps <= training_steps:
        raise ValueError(f'{steps=}: allowed are 1 to {training_steps}')
    return tuple(number * (training_steps // steps) for number in reversed(range(steps)))


def ddim_step(x_t: Tensor, x0: Tensor, alpha_bar: Tensor, next_alpha_bar: Tensor) -> Tensor:
    """
    Return x at the next, less noisy timestep.

    Args:
        x_t: (B, ...) at this one.
        x0: (B, ...) as predicted from it.
        alpha_bar, next_alpha_bar: scalars or (B,).
    """
    shape = (-1, *(1,) * (x_t.dim() - 1))
    level = torch.as_tensor(alpha_bar).reshape(shape)
    noise = (x_t - level.sqrt() * x0) / (1.0 - level).sqrt()
    return add_noise(x0, noise, torch.as_tensor(next_alpha_bar))
