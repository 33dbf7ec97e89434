# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a source's motions before any figure: embeddings, faults, distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.generation_evaluation.caption_accuracy import ClassByCaption
from motion_avatar_ros.generation_evaluation.remade_motion import remade
from motion_avatar_ros.generation_evaluation.evaluation_clips import EvaluationClips
from motion_avatar_ros.generation_evaluation.evaluator import TextMotionEvaluator
from motion_avatar_ros.generation_evaluation.motion_faults import (
    foot_skating, jitter_1e2_m_s3, limb_deviation_mm,
)
from motion_avatar_ros.generation_evaluation.nearest_training import NearestTraining

#: What needs no evaluator, by name.
FAULTS = {
    'foot_skating': foot_skating,
    'limb_deviation_mm': limb_deviation_mm,
    'jitter_1e2_m_s3': jitter_1e2_m_s3,
}
NEAREST = 'nearest_training_cm'


@dataclass(frozen=True)
class JudgedMotions:
    """
    N motions of one seed.

    Attributes:
        vectors: (N, d) of each evaluator.
        is_right_class: (N,) of each evaluator.
        faults: (N,) by name.
    """

    vectors: tuple[np.ndarray, ...]
    is_right_class: tuple[np.ndarray, ...]
    faults: dict[str, np.ndarray]


class Judges:
    """Evaluators and training motion, which all sources are shown to."""

    def __init__(
        self, evaluators: Sequence[TextMotionEvaluator], clips: EvaluationClips,
        training: Sequence[np.ndarray], training_captions: Sequence[str],
    ) -> None:
        """
        Take them.

        Args:
            evaluators: one or more.
            clips: whose texts motions are to.
            training: features (T, 269) of training clips, mirrored ones too.
            training_captions: each once.
        """
        self.evaluators = list(evaluators)
        self.clips = clips
        self.sentences = [each.sentences(clips.distinct) for each in self.evaluators]
        self._nearest = NearestTraining(training)
        self._classes = [
            ClassByCaption(training_captions, each.sentences(training_captions))
            for each in self.evaluators]

    def judged(self, motions: Sequence[np.ndarray]) -> JudgedMotions:
        """Judge motions (T, >= 136), one to each text."""
        anew = [remade(each) for each in motions]
        features = [each.features for each in anew]
        vectors = tuple(each.motions(features) for each in self.evaluators)
        return JudgedMotions(
            vectors,
            tuple(each.is_right(own, self.clips.texts)
                  for each, own in zip(self._classes, vectors, strict=True)),
            {**{name: np.array([fault(each.joints) for each in anew])
                for name, fault in FAULTS.items()},
             NEAREST: np.array([self._nearest.distance_cm(each) for each in features])})
