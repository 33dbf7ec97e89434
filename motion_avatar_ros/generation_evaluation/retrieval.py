# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""R-precision and MM-distance: how well a motion fits its own text, beside other texts."""

from __future__ import annotations

import numpy as np

#: Captions of a pool at most, as in Guo et al. (CVPR 2022).
LARGEST_POOL = 32
DEPTHS = (1, 2, 3)
_POOLS = 200
_SEED = 0


def pool_size(captions: np.ndarray) -> int:
    """Return how many motions a pool has, each of another caption (N,)."""
    return min(LARGEST_POOL, len(np.unique(captions)))


def retrieval(
    motions: np.ndarray, sentences: np.ndarray, captions: np.ndarray
) -> np.ndarray:
    """
    Return how often each caption finds its own motion among the nearest one, two and three.

    A pool has one motion of each of up to 32 distinct captions, so that none of them is right
    beside the one that counts; 200 pools are drawn. By chance it is found in depth / pool.

    Args:
        motions: (N, d) embeddings.
        sentences: (C, d) embeddings of the distinct captions.
        captions: (N,) number of each motion's caption, of 0 .. C - 1, each there.

    Returns:
        (3, C).
    """
    rng = np.random.default_rng(_SEED)
    count = len(sentences)
    members = [np.flatnonzero(captions == number) for number in range(count)]
    distances = np.linalg.norm(sentences[:, None] - motions, axis=-1)
    found, asked = np.zeros((len(DEPTHS), count)), np.zeros(count)
    for _ in range(_POOLS):
        pool = rng.permutation(count)[:LARGEST_POOL]
        chosen = [rng.choice(members[number]) for number in pool]
        among = distances[np.ix_(pool, chosen)]
        own = np.diag(among)[:, None]
        nearer, equal = (among < own).sum(axis=1), (among == own).sum(axis=1)
        asked[pool] += 1.0
        for row, depth in enumerate(DEPTHS):
            # Among those that are equally near, any order: a motion that is always the same is
            # found by chance.
            found[row, pool] += np.clip((depth - nearer) / equal, 0.0, 1.0)
    return found / np.maximum(asked, 1.0)


def pair_distances(
    motions: np.ndarray, sentences: np.ndarray, captions: np.ndarray
) -> np.ndarray:
    """Return how far (N,) each motion is from its caption's sentence; the mean is MM-distance."""
    return np.linalg.norm(motions - sentences[captions], axis=-1)


def diversity(motions: np.ndarray) -> float:
    """Return the mean distance of two motions (N, d), over all pairs in place of 300 drawn."""
    distances = np.linalg.norm(motions[:, None] - motions, axis=-1)
    return float(distances.sum() / (len(motions) * (len(motions) - 1)))
