# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""DDIM without chance: the way down leads where the denoiser points."""

import pytest
import torch

from motion_avatar_ros.diffusion.ddim import ddim_step, trailing_timesteps
from motion_avatar_ros.diffusion.noise_schedule import add_noise, cosine_alpha_bars


@pytest.mark.parametrize(('steps', 'timesteps'), [
    (1, (999,)), (2, (999, 499)), (4, (999, 749, 499, 249))])
def test_spacing_is_trailing(steps, timesteps):
    assert trailing_timesteps(steps, 1000) == timesteps


@pytest.mark.parametrize('steps', [0, -1, 1001])
def test_impossible_number_of_steps_is_refused_with_what_is_allowed(steps):
    with pytest.raises(ValueError, match='allowed are 1 to 1000'):
        trailing_timesteps(steps, 1000)


def test_step_with_the_true_pose_stays_on_its_own_path():
    alpha_bars = cosine_alpha_bars(1000)
    x0, noise = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
    x_t = add_noise(x0, noise, alpha_bars[499])
    torch.testing.assert_close(
        ddim_step(x_t, x0, alpha_bars[499], alpha_bars[249]),
        add_noise(x0, noise, alpha_bars[249]), atol=1e-5, rtol=1e-5)


def test_sampler_with_a_perfect_denoiser_ends_at_the_pose():
    alpha_bars = cosine_alpha_bars(1000)
    x0, noise = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
    timesteps = trailing_timesteps(4, 1000)
    x_t = noise
    for now, after in zip(timesteps, timesteps[1:], strict=False):
        x_t = ddim_step(x_t, x0, alpha_bars[now], alpha_bars[after])
    torch.testing.assert_close(
        x_t, add_noise(x0, noise, alpha_bars[249]), atol=1e-2, rtol=1e-2)
