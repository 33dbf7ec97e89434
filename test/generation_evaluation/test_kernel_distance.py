# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""KID: no bias, nothing for what is the same, and the sum that it is."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.generation_evaluation.kernel_distance import (
    kernel, kernel_distance, paired_kernel_distances,
)


def test_of_one_distribution_the_mean_is_nothing_however_few_there_are():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4000, 2, 6, 3))
    values = np.array([kernel_distance(*each) for each in draws])
    assert abs(values.mean()) < 4.0 * values.std() / len(values) ** 0.5
    paired = np.array([paired_kernel_distances(*each, np.ones((1, 6)))[0] for each in draws])
    assert abs(paired.mean()) < 4.0 * paired.std() / len(paired) ** 0.5


def test_it_is_the_sum_that_it_is():
    first, second = np.array([[1.0], [2.0]]), np.array([[0.0], [-1.0]])
    # Kernels (x y + 1)^3: 27 of the first, 1 of the second, and 1, 0, 1, -1 across.
    assert kernel(first, second).tolist() == [[1.0, 0.0], [1.0, -1.0]]
    assert kernel_distance(first, second) == pytest.approx(27.0 + 1.0 - 2.0 * 0.25)
    # Without the pairs of a row with its own: 0 and 1 across.
    assert paired_kernel_distances(first, second, np.ones((1, 2))) == pytest.approx([27.0])


def test_what_is_the_same_has_none_in_any_resample():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(8, 3))
    weights = rng.multinomial(8, np.full(8, 0.125), 20).astype(float)
    np.testing.assert_allclose(paired_kernel_distances(rows, rows, weights), 0.0, atol=1e-12)


def test_a_resample_leaves_out_pairs_of_a_row_with_its_copy():
    rng = np.random.default_rng(0)
    rows, others = rng.normal(size=(2, 3, 2))
    weights = np.array([[2.0, 1.0, 0.0]])

    def term(a, b):
        return (kernel(rows[[a]], rows[[b]]) + kernel(others[[a]], others[[b]])
                - kernel(rows[[a]], others[[b]]) - kernel(rows[[b]], others[[a]]))[0, 0]
    assert paired_kernel_distances(rows, others, weights)[0] == pytest.approx(term(0, 1))


def test_a_shift_is_seen_and_a_larger_one_more():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 4))
    near, far = (kernel_distance(rows, rng.normal(size=(50, 4)) + by) for by in (1.0, 2.0))
    assert 0.5 < near < far
