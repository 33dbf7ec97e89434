# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an estimator's predicted errors mean, fitted on clips that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.estimation.confidence import ConfidenceScale, expected_error_m
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.training.confidence import body_errors_m
from motion_avatar_ros.training.online_evaluation import estimate_clips

#: What people wear, from least to most.
TRACKER_SETS = (
    TRACKER_NAMES[:1], TRACKER_NAMES, (*TRACKER_NAMES, 'pelvis'),
    (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES))
_LEAST_ERROR_M = 1e-3


@dataclass(frozen=True)
class FrameErrors:
    """
    Errors of F frames, the upper and the lower body's.

    Attributes:
        expected_m: (F, 2) what the estimator expected [m].
        true_m: (F, 2) mean joint position error [m].
        clip: (F,) which clip a frame is of.
    """

    expected_m: np.ndarray
    true_m: np.ndarray
    clip: np.ndarray

    def of_clips(self, chosen: Callable[[np.ndarray], np.ndarray]) -> FrameErrors:
        """Return the frames whose clip's number `chosen` says True to."""
        which = chosen(self.clip)
        return FrameErrors(self.expected_m[which], self.true_m[which], self.clip[which])


@dataclass(frozen=True)
class ReliabilityBin:
    """Frames of about the same expected error, and their true one; means [m]."""

    expected_m: float
    true_m: float


def usable_tracker_sets(
    known: Collection[str], required: Collection[str]
) -> list[tuple[str, ...]]:
    """Return those of TRACKER_SETS that a model can be run with."""
    return [
        names for names in TRACKER_SETS if set(required) <= set(names) <= set(known)]


def frame_errors(
    estimator: OnlineEstimator, motions: Sequence[Motion],
    on_frames: Callable[[int], None] | None = None,
) -> FrameErrors:
    """Run an estimator over clips, causally, frame by frame, and collect its errors."""
    results = list(estimate_clips(estimator, motions, on_frames))
    return FrameErrors(
        np.concatenate([expected_error_m(one.confidence) for one in results]),
        np.concatenate([body_errors_m(one.poses, one.truth) for one in results]),
        np.concatenate([np.full(len(one.confidence), one.clip) for one in results]))


def pooled(errors: Sequence[FrameErrors]) -> FrameErrors:
    """Return the frames of all."""
    return FrameErrors(*(
        np.concatenate([getattr(one, name) for one in errors])
        for name in ('expected_m', 'true_m', 'clip')))


def fitted_scale(errors: FrameErrors, points: int = 5) -> ConfidenceScale:
    """
    Fit a scale to what an estimator with the identity as its scale predicted.

    Isotonic regression (least squares of rises that are not negative) of the true error over
    bins of as many frames; it measured better than a line and than a power of the prediction.
    """
    scales: dict[str, list[tuple[float, ...]]] = {'predicted_m': [], 'expected_m': []}
    for half in range(2):
        bins = reliability(errors, half, points)
        # Bins of one and the same prediction are one point.
        predicted_m, inverse = np.unique(
            [round(one.expected_m, 4) for one in bins], return_inverse=True)
        true_m = [
            float(np.mean([one.true_m for one, at in zip(bins, inverse, strict=True) if at == k]))
            for k in range(len(predicted_m))]
        rises = nnls(np.tril(np.ones((len(true_m), len(true_m)))), np.array(true_m))[0]
        fitted_m = np.maximum(rises.cumsum(), _LEAST_ERROR_M)
        scales['predicted_m'].append(tuple(map(float, np.maximum(predicted_m, 1e-4))))
        scales['expected_m'].append(tuple(round(float(value), 4) for value in fitted_m))
    return ConfidenceScale.of_config(scales)


def rescaled(errors: FrameErrors, scale: ConfidenceScale) -> FrameErrors:
    """Return the errors with what is expected by another scale."""
    return FrameErrors(
        expected_error_m(scale.confidence(errors.expected_m)), errors.true_m, errors.clip)


def reliability(errors: FrameErrors, half: int, bins: int = 5) -> list[ReliabilityBin]:
    """
    Return as many frames per bin, from the least to the greatest expected error.

    Args:
        errors: at least as many frames as bins.
        half: 0 is the upper, 1 the lower body.
    """
    order = np.argsort(errors.expected_m[:, half], kind='stable')
    return [
        ReliabilityBin(
            float(errors.expected_m[which, half].mean()), float(errors.true_m[which, half].mean()))
        for which in np.array_split(order, bins)]
