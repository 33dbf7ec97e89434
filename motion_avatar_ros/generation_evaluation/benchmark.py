# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All sources beside each other, judged by the same evaluators on the same texts and lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motion_avatar_ros.generation.text_to_motion import TextToMotion
from motion_avatar_ros.generation_evaluation import sources
from motion_avatar_ros.generation_evaluation.evaluation_clips import EvaluationClips
from motion_avatar_ros.generation_evaluation.evaluator import TextMotionEvaluator
from motion_avatar_ros.generation_evaluation.judged import JudgedMotions, Judges
from motion_avatar_ros.generation_evaluation.resampling import Figure
from motion_avatar_ros.generation_evaluation.source_figures import (
    class_accuracies, source_figures,
)
from motion_avatar_ros.training.caption_retrieval import nearest_caption
from motion_avatar_ros.training.captioned_clips import load_captioned_clips

REAL = 'real'
NEAREST_CAPTION = 'nearest caption'
RANDOM_TRAINING = 'random training clip'
MEAN_POSE = 'mean pose'
SHUFFLED = 'real, shuffled in time'

#: From a seed to a motion for each text.
Source = Callable[[int], list[np.ndarray]]


@dataclass(frozen=True)
class SourceResult:
    """
    A row of the table.

    Attributes:
        name: of the source.
        seeds: times it was asked.
        figures: by name, see `source_figures.FIGURES`.
        by_class: share that evaluators see right, by the class asked for.
    """

    name: str
    seeds: int
    figures: dict[str, Figure]
    by_class: dict[str, float]


class GenerationBenchmark:
    """Sources of a data folder, beside generators."""

    def __init__(
        self, data: Path, clips: EvaluationClips, sets: Sequence[str] | None,
        evaluators: Sequence[TextMotionEvaluator], generators: Sequence[TextToMotion],
        seeds: int,
    ) -> None:
        """
        Load training clips; DataFolderError where there is none.

        Args:
            data: folder of captioned clips.
            clips: of which texts and lengths are.
            sets: of the clips, and of the trivial sources' training clips.
            evaluators: one or more.
            generators: by model, each a row, and another one of what it reconstructs.
            seeds: times that whatever draws is asked.
        """
        training = load_captioned_clips(data, 'train', sets, with_mirrored=True)
        captions = sorted({caption for clip in training for caption in clip.captions})
        features = [clip.features for clip in training]
        self.judges = Judges(evaluators, clips, features, captions)
        self._real = self.judges.judged(clips.features)
        retrieved = nearest_caption(data, sets)
        own = [clip.features for clip in training if not clip.is_mirrored]
        self.sources: dict[str, tuple[Source, int]] = {}
        for generator in generators:
            self.sources[generator.name] = (
                lambda seed, model=generator: sources.generated(  # type: ignore[misc]
                    model, clips, seed), seeds)
            self.sources[f'{generator.name}, reconstruction'] = (
                lambda _, model=generator: sources.reconstructed(  # type: ignore[misc]
                    model, clips), 1)
        self.sources |= {
            NEAREST_CAPTION: (lambda seed: sources.generated(retrieved, clips, seed), seeds),
            RANDOM_TRAINING: (lambda seed: sources.random_training(own, clips, seed), seeds),
            MEAN_POSE: (lambda _: sources.mean_pose(own, clips), 1),
            SHUFFLED: (lambda seed: sources.shuffled_in_time(clips, seed), seeds),
        }

    def results(self) -> Iterator[SourceResult]:
        """Yield a row after the other, that of real motion first."""
        yield self._result(REAL, [self._real])
        for name, (source, seeds) in self.sources.items():
            yield self._result(
                name, [self.judges.judged(source(seed)) for seed in range(1, seeds + 1)])

    def _result(self, name: str, seeds: Sequence[JudgedMotions]) -> SourceResult:
        return SourceResult(
            name, len(seeds), source_figures(self.judges, self._real, seeds),
            class_accuracies(self.judges, seeds))
