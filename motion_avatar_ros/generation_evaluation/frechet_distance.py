# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""FID: how far two normal distributions are apart (Heusel et al., 2017, on embeddings)."""

from __future__ import annotations

import numpy as np


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """
    Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of embeddings (N, d) and (M, d).

    It is biased upwards, the more the fewer there are: compare equal counts only.
    """
    assert first.ndim == second.ndim == 2 and first.shape[1] == second.shape[1]
    off = first.mean(axis=0) - second.mean(axis=0)
    one, other = (np.atleast_2d(np.cov(each, rowvar=False)) for each in (first, second))
    # The trace of the root of S1 S2 is that of the root of S1^(1/2) S2 S1^(1/2).
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other @ root), 0.0)).sum()
    return float(off @ off + np.trace(one) + np.trace(other) - 2.0 * shared)
