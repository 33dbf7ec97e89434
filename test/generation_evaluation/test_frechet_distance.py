# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""FID beside its closed form for what has exactly the moments it should have."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.generation_evaluation.frechet_distance import frechet_distance


@pytest.fixture
def standard() -> np.ndarray:
    """Return 40 rows whose mean is 0 and whose covariance is exactly one."""
    rows = np.random.default_rng(0).normal(size=(40, 4))
    rows -= rows.mean(axis=0)
    return rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T


def test_equal_sets_are_not_apart(standard):
    assert frechet_distance(standard, standard) == pytest.approx(0.0, abs=1e-9)


def test_a_shift_counts_squared_and_scales_by_their_deviations(standard):
    scales, shift = np.array([1.0, 2.0, 0.5, 3.0]), np.array([1.0, 0.0, -2.0, 0.5])
    expected = shift @ shift + ((scales - 1.0) ** 2).sum()
    assert frechet_distance(standard, standard * scales + shift) == pytest.approx(expected)


def test_covariances_that_do_not_commute_keep_their_trace(standard):
    root = np.array([[2.0, 1.0], [1.0, 1.0]])
    one, other = standard[:, :2] * [1.0, 3.0], standard[:, :2] @ root
    first, second = np.diag([1.0, 9.0]), root @ root
    values = np.linalg.eigvals(first @ second)
    expected = np.trace(first) + np.trace(second) - 2.0 * np.sqrt(values.real).sum()
    assert frechet_distance(one, other) == pytest.approx(expected)
    assert frechet_distance(other, one) == pytest.approx(expected)
