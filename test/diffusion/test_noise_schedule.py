# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The cosine schedule: what is left of the signal falls from all to nothing."""

import pytest
import torch

from motion_avatar_ros.diffusion.noise_schedule import add_noise, cosine_alpha_bars


def test_signal_falls_monotonically_from_all_to_nothing():
    alpha_bars = cosine_alpha_bars(1000)
    assert alpha_bars[0] > 0.9999 and alpha_bars[-1] < 1e-5
    assert (alpha_bars.diff() < 0.0).all()


def test_known_value_of_leading_spacing_is_met():
    assert cosine_alpha_bars(1000)[750].item() == pytest.approx(0.143, abs=2e-3)


def test_variance_of_unit_signals_is_kept():
    x0, noise = torch.randn(2, 20_000, generator=torch.Generator().manual_seed(0))[:, :, None]
    for alpha_bar in (0.1, 0.5, 0.9):
        mixed = add_noise(x0[None], noise[None], torch.tensor(alpha_bar))
        assert mixed.var().item() == pytest.approx(1.0, abs=0.03)


def test_each_stream_has_its_own_level():
    x0 = torch.ones(2, 3, 4)
    mixed = add_noise(x0, torch.zeros(2, 3, 4), torch.tensor([1.0, 0.25]))
    assert (mixed[0] == 1.0).all() and (mixed[1] == 0.5).all()
