# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What other captions would have changed: a bootstrap over captions (Efron, 1979).

Clips of one caption are alike, so that captions are drawn with replacement, each with all its
clips. Everything that is compared is drawn alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
INTERVAL = 0.95
_SEED = 0


@dataclass(frozen=True)
class Figure:
    """
    A figure with the ends of its 95 % interval, None where it has none.

    Attributes:
        by_evaluator: the figure of each evaluator, empty where none is asked.
    """

    value: float
    low: float | None = None
    high: float | None = None
    by_evaluator: tuple[float, ...] = ()


def caption_weights(captions: int) -> np.ndarray:
    """Return how often each caption is in each resample, (RESAMPLES, captions); no all-one one."""
    rng = np.random.default_rng(_SEED)
    weights = rng.multinomial(captions, np.full(captions, 1.0 / captions), RESAMPLES)
    # Of one caption alone no spread can be told; that resample is the whole set instead.
    weights[(weights > 0).sum(axis=1) < 2] = 1
    return weights.astype(float)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of the middle 95 % of resampled values (R,)."""
    tail = 0.5 * (1.0 - INTERVAL)
    low, high = np.quantile(values, (tail, 1.0 - tail))
    return float(low), float(high)


def mean_figure(
    values: np.ndarray, weights: np.ndarray, by_evaluator: tuple[float, ...] = ()
) -> Figure:
    """Return the mean of values (N,) and its interval by weights (R, N)."""
    low, high = interval(weights @ values / weights.sum(axis=1))
    return Figure(float(values.mean()), low, high, by_evaluator)
