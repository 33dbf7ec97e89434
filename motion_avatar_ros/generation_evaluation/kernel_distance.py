# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
KID: the squared maximum mean discrepancy with a cubic kernel, unbiased (Binkowski et al., 2018).

Unbiased means that its mean is 0 where both are of one distribution, for few motions as for many;
a single figure can be below 0.
"""

from __future__ import annotations

import numpy as np


def kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return (x y / d + 1)^3 of embeddings (N, d) and (M, d), (N, M)."""
    return (first @ second.T / first.shape[1] + 1.0) ** 3


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the KID of two independent sets (N, d) and (M, d)."""
    return float(
        _mean_of_pairs(kernel(first, first)) + _mean_of_pairs(kernel(second, second))
        - 2.0 * kernel(first, second).mean())


def paired_kernel_distances(
    first: np.ndarray, second: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """
    Return the KID of two sets whose rows belong together, for each of R resamples.

    Row i of one and of the other may depend on each other, as a motion and its reconstruction
    do: such pairs take no part (the U-statistic of Gretton et al., 2012, lemma 6), and equal
    sets have exactly 0. Neither do pairs of a row with its own copy in a resample.

    Args:
        first, second: (N, d).
        weights: (R, N) how often each row is there.

    Returns:
        (R,).
    """
    across = kernel(first, second)
    pairs = kernel(first, first) + kernel(second, second) - across - across.T
    np.fill_diagonal(pairs, 0.0)
    count = weights.sum(axis=1) ** 2 - (weights ** 2).sum(axis=1)
    return ((weights @ pairs) * weights).sum(axis=1) / count


def _mean_of_pairs(values: np.ndarray) -> float:
    count = len(values)
    return float((values.sum() - np.trace(values)) / (count * (count - 1)))
