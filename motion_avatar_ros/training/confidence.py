# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether an estimator's confidence says anything about its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import LOWER_JOINTS, UPPER_JOINTS


@dataclass(frozen=True)
class ConfidenceCorrelation:
    """
    Spearman's rank correlation of error with lack of confidence, over all frames.

    1: the less confident a frame, the worse it is; 0: the confidence says nothing. None where
    the confidence or the error never changes.
    """

    upper_body: float | None
    lower_body: float | None


def body_errors_m(estimate: BodyPose, truth: BodyPose) -> np.ndarray:
    """Return the mean joint position error (T, 2) [m] of the upper and of the lower body."""
    difference = estimate.global_joints()[1] - truth.global_joints()[1]
    distances_m = np.linalg.norm(difference, axis=-1)
    return np.stack((
        distances_m[..., UPPER_JOINTS].mean(axis=-1),
        distances_m[..., LOWER_JOINTS].mean(axis=-1),
    ), axis=-1)


def confidence_correlation(
    confidences: Sequence[np.ndarray], errors_m: Sequence[np.ndarray]
) -> ConfidenceCorrelation:
    """
    Correlate confidence and error.

    Args:
        confidences: per clip (T, 2), upper and lower body, in 0..1.
        errors_m: per clip (T, 2) [m], see `body_errors_m`.
    """
    doubt = 1.0 - np.concatenate(list(confidences))
    error_m = np.concatenate(list(errors_m))
    return ConfidenceCorrelation(
        *(_rank_correlation(doubt[:, half], error_m[:, half]) for half in range(2)))


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    if len(a) < 2 or np.ptp(a) == 0.0 or np.ptp(b) == 0.0:
        return None
    return float(spearmanr(a, b).statistic)
