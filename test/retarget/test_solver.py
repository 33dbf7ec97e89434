# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The quadratic problem with a box, against a reference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.retarget.solver import _boxed  # noqa: E402


@pytest.mark.parametrize('seed', range(40))
def test_a_step_in_a_box_is_the_best_one(seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(0.0, 1.0, (50, 35)) * rng.uniform(0.1, 3.0, 35)
    wanted = rng.normal(0.0, 1.0, 50)
    width = 10.0 ** rng.uniform(-2.5, 0.0)
    lower, upper = -width * rng.random(29), width * rng.random(29)
    step = _boxed(rows.T @ rows, rows.T @ wanted, lower, upper)
    free = np.full(6, np.inf)
    best = lsq_linear(
        rows, wanted, (np.concatenate((-free, lower)), np.concatenate((free, upper))), tol=1e-12)
    assert (step[6:] >= lower).all() and (step[6:] <= upper).all()
    cost = 0.5 * np.sum((rows @ step - wanted) ** 2)
    assert cost <= best.cost * (1.0 + 1e-6) + 1e-9
