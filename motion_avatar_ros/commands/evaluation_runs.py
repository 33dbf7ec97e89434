# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The runs of `evaluate`: loading models and trivial estimators, and measuring them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
import sys
from typing import TYPE_CHECKING

from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.estimation.ahead_estimator import AheadEstimator
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.estimation.trivial_estimators import NearestNeighbour, mean_pose, rest_pose
from motion_avatar_ros.training.clips import (
    TRAINING_SETS, find_clips, has_splits, present_sets,
)
from motion_avatar_ros.training.evaluation import Evaluation, evaluate
from motion_avatar_ros.training.tracker_disturbance import (
    DisturbedTrackers, TrackerDisturbance,
)

if TYPE_CHECKING:
    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

_TRAIN = 'train'


def load_models(given: Sequence[str], arguments: Namespace) -> list[PoseEstimator]:
    """Load the models that the user gave, ready to run."""
    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

    models = []
    for one in given:
        model = PoseEstimator.load(
            one, arguments.device, 1 if arguments.windows else arguments.streams,
            arguments.trackers, arguments.sampler_steps, not arguments.free,
            arguments.backend)
        model.warm_up()
        if arguments.windows is not None:
            model.use_windows(arguments.windows)
        models.append(model)
    return models


def model_labels(given: Sequence[str], models: Sequence[PoseEstimator]) -> list[str]:
    """Return the models' names; of those that share one, what the user gave."""
    own = [model.name for model in models]
    return [name if own.count(name) == 1 else one for name, one in zip(own, given, strict=True)]


def trivial_estimators(model: OnlineEstimator, arguments: Namespace) -> list[OnlineEstimator]:
    """Return the trivial estimators; those with a memory remember the training split only."""
    rate_hz, streams = model.rate_hz, arguments.streams
    if not has_splits(arguments.data):
        sys.stderr.write('no splits.json, so no training split: of the trivial estimators only '
                         'the rest pose\n')
        return [rest_pose(rate_hz, streams)]
    paths = find_clips(
        arguments.data, _TRAIN, present_sets(arguments.data, TRAINING_SETS))
    return [
        rest_pose(rate_hz, streams),
        mean_pose(_motions(paths, 'mean pose', rate_hz), rate_hz, streams),
        NearestNeighbour(_motions(paths, 'nearest neighbour', rate_hz), rate_hz, streams),
    ]


def _motions(paths: list[Path], name: str, rate_hz: float) -> Iterator[Motion]:
    with Progress(name, len(paths), 'clips') as progress:
        for path in paths:
            yield load_motion(path).resampled(rate_hz)
            progress.advance(1)


def evaluate_all(
    estimators: Sequence[OnlineEstimator], labels: Sequence[str],
    motions: Sequence[Motion], disturbance: TrackerDisturbance, frames_per_step: int | None,
    ahead_s: float = 0.0,
) -> list[Evaluation]:
    """Measure estimators one after the other; each result has its label."""
    return [
        replace(evaluate_one(
            estimator, motions, disturbance, frames_per_step, ahead_s), model=label)
        for estimator, label in zip(estimators, labels, strict=True)]


def evaluate_one(
    estimator: OnlineEstimator, motions: Sequence[Motion], disturbance: TrackerDisturbance,
    frames_per_step: int | None, ahead_s: float = 0.0,
) -> Evaluation:
    """Measure an estimator, with its progress on standard error."""
    trackers = None if disturbance.is_none else DisturbedTrackers(
        disturbance, estimator.tracker_names)
    with Progress(estimator.name, frame_count(estimator, motions), 'frames') as progress:
        return evaluate(
            estimator, motions, progress.advance, trackers, frames_per_step, ahead_s)


def evaluate_ahead(
    models: Sequence[OnlineEstimator], predicting: Sequence[AheadEstimator],
    labels: Sequence[str], motions: Sequence[Motion], disturbance: TrackerDisturbance,
    frames_per_step: int | None, ahead_s: float,
) -> list[Evaluation]:
    """Measure models against the truth `ahead_s` later, without prediction and with."""
    name = f'{1e3 * ahead_s:g}ms'
    return [
        evaluation
        for which, suffix in ((models, f'-{name}'), (predicting, f'+{name}'))
        for evaluation in evaluate_all(
            which, [label + suffix for label in labels], motions, disturbance, frames_per_step,
            ahead_s)]


def frame_count(estimator: OnlineEstimator, motions: Sequence[Motion]) -> int:
    """Return how many frames the clips have at the estimator's rate."""
    return sum(len(motion.resampled(estimator.rate_hz)) for motion in motions)
