# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether one model is better than another, clip by clip.

Each side is one model trained with several seeds. Each clip has the mean over a side's seeds; the
difference of the means over clips stands beside a 95 % interval by paired bootstrap (Efron, 1979):
clips are drawn with replacement, for both sides the same. It tells what other clips would change;
what other seeds would change is told by their spread, which is not in the interval. A clip that
lacks a metric in any evaluation takes no part in that metric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.training.evaluation import Evaluation
from motion_avatar_ros.training.metrics import METRIC_NAMES

RESAMPLES = 10_000
INTERVAL = 0.95

#: What is compared; the truth's own jitter is the same for all.
COMPARED_NAMES = tuple(name for name in METRIC_NAMES if name != 'jitter_truth_1e2_m_s3')

_SIGNED = ('lag_ms',)  # no percentage: its mean may be next to zero
_SEED = 0
_BATCH = 1000  # resamples at a time, to bound the memory


@dataclass(frozen=True)
class MetricComparison:
    """
    One metric of two sides, in the metric's unit unless it says percent.

    Attributes:
        mean, against_mean: over clips, of the means over seeds.
        difference: `mean` minus `against_mean`, with the ends of its interval; they are None
            for a single clip.
        percent: the same in percent of `against_mean`; None for a metric that has a sign and
            where `against_mean` is zero.
        seeds_std, against_seeds_std: standard deviation over the seeds of the mean over clips;
            None for one seed.
        clips: how many have the metric in all evaluations.
    """

    mean: float
    against_mean: float
    difference: float
    difference_low: float | None
    difference_high: float | None
    percent: float | None
    percent_low: float | None
    percent_high: float | None
    seeds_std: float | None
    against_seeds_std: float | None
    clips: int


def compare(
    models: Sequence[Evaluation], against: Sequence[Evaluation]
) -> dict[str, MetricComparison | None]:
    """
    Compare two sides on the same clips.

    Args:
        models: evaluations of one model's seeds.
        against: of the other's, in any number, on the same clips in the same order.

    Returns:
        By name, in the order of `COMPARED_NAMES`; None where no clip has the metric.
    """
    return {name: _compare(_values(models, name), _values(against, name), name)
            for name in COMPARED_NAMES}


def mean_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the ends of the interval of a mean over clips; None for fewer than two clips."""
    if len(values) < 2:
        return None, None
    return _ends(_resampled_means(np.asarray(values, dtype=float)[:, None])[:, 0], len(values))


def _values(evaluations: Sequence[Evaluation], name: str) -> np.ndarray:
    """Return (seeds, clips) with NaN for what is missing."""
    return np.array([
        [np.nan if clip is None else getattr(clip, name) for clip in evaluation.clips]
        for evaluation in evaluations], dtype=float)


def _compare(ours: np.ndarray, theirs: np.ndarray, name: str) -> MetricComparison | None:
    known = np.isfinite(ours).all(axis=0) & np.isfinite(theirs).all(axis=0)
    if not known.any():
        return None
    ours, theirs = ours[:, known], theirs[:, known]
    pairs = np.stack((ours.mean(axis=0), theirs.mean(axis=0)), axis=1)
    mean, against_mean = pairs.mean(axis=0)
    resampled = _resampled_means(pairs)
    low, high = _ends(resampled[:, 0] - resampled[:, 1], len(pairs))
    has_percent = name not in _SIGNED and bool((resampled[:, 1] > 0.0).all())
    percent = percent_low = percent_high = None
    if has_percent:
        percent = float(100.0 * (mean / against_mean - 1.0))
        percent_low, percent_high = _ends(
            100.0 * (resampled[:, 0] / resampled[:, 1] - 1.0), len(pairs))
    return MetricComparison(
        float(mean), float(against_mean), float(mean - against_mean), low, high,
        percent, percent_low, percent_high, _seeds_std(ours), _seeds_std(theirs), len(pairs))


def _resampled_means(pairs: np.ndarray) -> np.ndarray:
    """Return the means (RESAMPLES, K) of clips (C, K) drawn with replacement."""
    rng = np.random.default_rng(_SEED)
    clips = len(pairs)
    return np.concatenate([
        pairs[rng.integers(clips, size=(_BATCH, clips))].mean(axis=1)
        for _ in range(RESAMPLES // _BATCH)])


def _ends(values: np.ndarray, clips: int) -> tuple[float | None, float | None]:
    if clips < 2:
        return None, None
    tail = 0.5 * (1.0 - INTERVAL)
    low, high = np.quantile(values, (tail, 1.0 - tail))
    return float(low), float(high)


def _seeds_std(values: np.ndarray) -> float | None:
    return float(values.mean(axis=1).std(ddof=1)) if len(values) > 1 else None
