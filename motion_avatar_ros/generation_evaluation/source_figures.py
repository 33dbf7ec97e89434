# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a source of motion, over evaluators and seeds, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.generation_evaluation.caption_classes import caption_class
from motion_avatar_ros.generation_evaluation.frechet_distance import frechet_distance
from motion_avatar_ros.generation_evaluation.judged import JudgedMotions, Judges
from motion_avatar_ros.generation_evaluation.kernel_distance import paired_kernel_distances
from motion_avatar_ros.generation_evaluation.resampling import (
    Figure, caption_weights, interval, mean_figure,
)
from motion_avatar_ros.generation_evaluation.retrieval import (
    DEPTHS, diversity, pair_distances, retrieval,
)

#: In the order of a table.
FIGURES = (
    'kid', 'fid', *(f'top_{depth}' for depth in DEPTHS), 'mm_distance', 'diversity',
    'class_accuracy', 'foot_skating', 'limb_deviation_mm', 'jitter_1e2_m_s3',
    'nearest_training_cm')


def source_figures(
    judges: Judges, real: JudgedMotions, seeds: Sequence[JudgedMotions]
) -> dict[str, Figure]:
    """
    Return the figures by name, see `FIGURES`.

    KID is unbiased, FID is not. Accuracy and top_k are shares, foot_skating too.

    Args:
        judges: who judged.
        real: the clips themselves.
        seeds: the source's motions, of each of its seeds.
    """
    clips = judges.clips
    drawn = caption_weights(len(clips.distinct))
    weights = drawn[:, clips.captions]
    numbers = range(len(judges.evaluators))
    kid = np.stack([
        np.mean([_kernel(real.vectors[number], each.vectors[number], weights)
                 for each in seeds], axis=0) for number in numbers])
    ranks = np.stack([
        np.mean([retrieval(each.vectors[number], judges.sentences[number], clips.captions)
                 for each in seeds], axis=0) for number in numbers])
    distances = np.stack([
        np.mean([pair_distances(each.vectors[number], judges.sentences[number], clips.captions)
                 for each in seeds], axis=0) for number in numbers])
    right = np.stack([
        np.mean([each.is_right_class[number] for each in seeds], axis=0) for number in numbers])
    figures = {
        'kid': Figure(float(kid[:, 0].mean()), *interval(kid[:, 1:].mean(axis=0)),
                      tuple(map(float, kid[:, 0]))),
        'fid': _plain([
            [frechet_distance(real.vectors[number], each.vectors[number]) for each in seeds]
            for number in numbers]),
        'mm_distance': _mean(distances, weights),
        'diversity': _plain([
            [diversity(each.vectors[number]) for each in seeds] for number in numbers]),
        'class_accuracy': _mean(right, weights),
    }
    for row, depth in enumerate(DEPTHS):
        figures[f'top_{depth}'] = _mean(ranks[:, row], drawn)
    for name in seeds[0].faults:
        figures[name] = mean_figure(
            np.mean([each.faults[name] for each in seeds], axis=0), weights)
    return {name: figures[name] for name in FIGURES}


def class_accuracies(judges: Judges, seeds: Sequence[JudgedMotions]) -> dict[str, float]:
    """Return the share of motions, by the class asked for, that look it to the evaluators."""
    right = np.mean([each for judged in seeds for each in judged.is_right_class], axis=0)
    classes = np.array([caption_class(text) for text in judges.clips.texts])
    return {str(kind): float(right[classes == kind].mean()) for kind in np.unique(classes)}


def _kernel(real: np.ndarray, made: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the KID of all clips and behind it of each resample."""
    whole = np.ones((1, len(real)))
    return paired_kernel_distances(real, made, np.concatenate((whole, weights)))


def _mean(values: np.ndarray, weights: np.ndarray) -> Figure:
    """Return the mean over evaluators (E, N) with its interval."""
    return mean_figure(
        values.mean(axis=0), weights, tuple(map(float, values.mean(axis=1))))


def _plain(values: Sequence[Sequence[float]]) -> Figure:
    by_evaluator = tuple(float(np.mean(each)) for each in values)
    return Figure(float(np.mean(by_evaluator)), by_evaluator=by_evaluator)
