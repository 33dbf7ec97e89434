# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An estimator's score on a set of clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.training.confidence import (
    ConfidenceCorrelation, body_errors_m, confidence_correlation,
)
from motion_avatar_ros.training.future_truth import ahead_of
from motion_avatar_ros.training.metrics import ClipMetrics, clip_metrics, mean_metrics
from motion_avatar_ros.training.online_evaluation import Trackers, estimate_clips

#: The start of each clip that the second half of the means leaves out: what is left shows an
#: estimator that has seen some past.
SETTLING_S = 2.0


@dataclass(frozen=True)
class Evaluation:
    """
    Scores of one estimator.

    Attributes:
        model: the estimator's name.
        clips: per clip, in the order given; None for a clip without a scored frame.
        settled_clips: the same without the first 2 s of each clip.
        confidence: whether its confidence tells of its error.
    """

    model: str
    clips: tuple[ClipMetrics | None, ...]
    settled_clips: tuple[ClipMetrics | None, ...]
    confidence: ConfidenceCorrelation

    @property
    def settled_count(self) -> int:
        """Number of clips that last longer than the start that is left out."""
        return sum(clip is not None for clip in self.settled_clips)

    def means(self) -> dict[str, ClipMetrics]:
        """Return the four means by name; the first is the one of the field's tables."""
        scored = [clip for clip in self.clips if clip is not None]
        settled = [clip for clip in self.settled_clips if clip is not None]
        return {
            'mean_over_clips': mean_metrics(scored),
            'frame_weighted': mean_metrics(scored, frame_weighted=True),
            'after_2_s': mean_metrics(settled),
            'after_2_s_frame_weighted': mean_metrics(settled, frame_weighted=True),
        }


def evaluate(
    estimator: OnlineEstimator,
    motions: Sequence[Motion],
    on_frames: Callable[[int], None] | None = None,
    trackers: Trackers | None = None,
    frames_per_step: int | None = 1,
    ahead_s: float = 0.0,
) -> Evaluation:
    """
    Run an estimator over clips, causally, and score it.

    Args:
        estimator: its number of streams decides how many clips run in parallel.
        motions: the clips, at any rate.
        on_frames: called with the number of frames estimated since the last call.
        trackers: what the estimator gets; without it the true poses of the tracked joints.
        frames_per_step: of each clip; 1 is what a node does, None takes whole clips.
        ahead_s: how long after its trackers a pose is for; it is scored against the truth then.
    """
    rate_hz = estimator.rate_hz
    clips: list[ClipMetrics | None] = [None] * len(motions)
    settled_clips: list[ClipMetrics | None] = [None] * len(motions)
    confidences: list[np.ndarray] = []
    errors_m: list[np.ndarray] = []
    for result in estimate_clips(
            estimator, motions, on_frames, trackers, frames_per_step):
        truth = ahead_of(result.truth, ahead_s * rate_hz)
        poses = result.poses[:len(truth.root_position)]
        clips[result.clip] = clip_metrics(poses, truth, rate_hz)
        settled_clips[result.clip] = clip_metrics(
            poses, truth, rate_hz, skip_frames=round(SETTLING_S * rate_hz))
        confidences.append(result.confidence[:len(poses.root_position)])
        errors_m.append(body_errors_m(poses, truth))
    return Evaluation(
        estimator.name, tuple(clips), tuple(settled_clips),
        confidence_correlation(confidences, errors_m))
