# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Whether evaluators can be believed: real motion beside real motion, and faults of rising strength.

A fault that does not raise a figure at every step is one the figure does not see; that is said,
not mended by a choice of strengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.generation_evaluation.remade_motion import remade
from motion_avatar_ros.generation_evaluation.evaluation_clips import EvaluationClips
from motion_avatar_ros.generation_evaluation.evaluator import TextMotionEvaluator
from motion_avatar_ros.generation_evaluation.frechet_distance import frechet_distance
from motion_avatar_ros.generation_evaluation.kernel_distance import (
    kernel_distance, paired_kernel_distances,
)
from motion_avatar_ros.generation_evaluation.resampling import interval
from motion_avatar_ros.generation_evaluation.retrieval import (
    pair_distances, pool_size, retrieval,
)
from motion_avatar_ros.training.damaged_motion import (
    Damage, held, mirrored, reversed_in_time, shuffled, sliding, trembling,
)

_HALVES = 200
_SEED = 0
_DIGITS = 9     # beyond which two figures are the same
#: Faults of motion and their strengths, from what is hardly seen on.
DAMAGES: dict[str, tuple[Damage, tuple[float, ...]]] = {
    'trembling_deg': (trembling, (0.5, 2.0, 5.0, 15.0)),
    'foot_slide_m_s': (sliding, (0.1, 0.3, 1.0, 2.0)),
    'frames_shuffled': (shuffled, (0.1, 0.25, 0.5, 1.0)),
    'frames_dropped': (held, (0.25, 0.5, 0.75, 0.9)),
    'reversed_in_time': (reversed_in_time, (0.25, 0.5, 0.75, 1.0)),
    'left_right_swapped': (mirrored, (0.25, 0.5, 0.75, 1.0)),
}
TEXTS = 'texts_shuffled'
_TEXT_SHARES = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class FaultFigures:
    """
    What evaluators say to one fault, at strength 0 and at the others.

    Attributes:
        strengths: (K,), the first 0.
        kid, fid, top_3, mm_distance: (E, K) of each evaluator.
    """

    strengths: tuple[float, ...]
    kid: np.ndarray
    fid: np.ndarray
    top_3: np.ndarray
    mm_distance: np.ndarray

    def is_seen(self, name: str) -> list[bool]:
        """Return of each evaluator whether a figure is worse at every step."""
        values = getattr(self, name).round(_DIGITS)
        steps = np.diff(-values if name == 'top_3' else values, axis=1)
        return [bool((each > 0.0).all()) for each in steps]


@dataclass(frozen=True)
class RealBesideReal:
    """
    What there is to win: figures of real motion, by evaluator.

    Attributes:
        kid, fid: (E,) mean of random halves of the split.
        kid_interval: middle 95 % of the halves' KID, mean of evaluators.
        kid_other, fid_other: (E,) of the split beside another one, as many of either.
        pool: motions in a pool of R-precision.
    """

    kid: np.ndarray
    fid: np.ndarray
    kid_interval: tuple[float, float]
    kid_other: np.ndarray
    fid_other: np.ndarray
    pool: int


def real_beside_real(
    evaluators: Sequence[TextMotionEvaluator], clips: EvaluationClips, other: EvaluationClips
) -> RealBesideReal:
    """Compare halves of a split, and the split with another one."""
    rng = np.random.default_rng(_SEED)
    own, others = (
        [remade(each).features for each in one.features] for one in (clips, other))
    vectors = [each.motions(own) for each in evaluators]
    vectors_other = [each.motions(others) for each in evaluators]
    kid, fid = (np.empty((len(evaluators), _HALVES)) for _ in range(2))
    half, fewer = len(own) // 2, min(len(own), len(others))
    for number in range(_HALVES):
        order = rng.permutation(len(own))
        first, second = order[:half], order[half:2 * half]
        for row, each in enumerate(vectors):
            kid[row, number] = kernel_distance(each[first], each[second])
            fid[row, number] = frechet_distance(each[first], each[second])
    some, some_other = rng.permutation(len(own))[:fewer], rng.permutation(len(others))[:fewer]
    return RealBesideReal(
        kid.mean(axis=1), fid.mean(axis=1), interval(kid.mean(axis=0)),
        np.array([kernel_distance(a, b)
                  for a, b in zip(vectors, vectors_other, strict=True)]),
        np.array([frechet_distance(a[some], b[some_other])
                  for a, b in zip(vectors, vectors_other, strict=True)]),
        pool_size(clips.captions))


def fault_figures(
    evaluators: Sequence[TextMotionEvaluator], clips: EvaluationClips
) -> dict[str, FaultFigures]:
    """Return what evaluators say to each fault of `DAMAGES`, and to texts of other clips."""
    real = [remade(each).features for each in clips.features]
    vectors = [each.motions(real) for each in evaluators]
    figures = {}
    for name, (damage, strengths) in DAMAGES.items():
        damaged = [[
            remade(damage(each, strength, np.random.default_rng((_SEED, number)))).features
            for number, each in enumerate(real)] for strength in strengths]
        by_strength = [vectors, *(
            [each.motions(motions) for each in evaluators] for motions in damaged)]
        figures[name] = _figures(
            evaluators, clips, vectors, by_strength, (0.0, *strengths),
            [clips.captions] * len(by_strength))
    captions = [with_other_texts(clips.captions, share) for share in (0.0, *_TEXT_SHARES)]
    figures[TEXTS] = _figures(
        evaluators, clips, vectors, [vectors] * len(captions), (0.0, *_TEXT_SHARES), captions)
    return figures


def with_other_texts(captions: np.ndarray, share: float) -> np.ndarray:
    """
    Return numbers of captions (N,) a share of which are another's.

    The captions chosen hand on their text in a circle, so that each still has its clips.
    """
    distinct = np.random.default_rng(_SEED).permutation(np.unique(captions))
    chosen = distinct[:round(share * len(distinct))]
    new = np.arange(len(distinct))
    new[chosen] = np.roll(chosen, 1)
    return new[captions]


def _figures(
    evaluators: Sequence[TextMotionEvaluator], clips: EvaluationClips,
    real: Sequence[np.ndarray], by_strength: Sequence[Sequence[np.ndarray]],
    strengths: tuple[float, ...], captions: Sequence[np.ndarray],
) -> FaultFigures:
    once = np.ones((1, len(clips.captions)))
    kid, fid, top_3, mm_distance = (
        np.empty((len(evaluators), len(strengths))) for _ in range(4))
    for row, evaluator in enumerate(evaluators):
        sentences = evaluator.sentences(clips.distinct)
        for column, (vectors, numbers) in enumerate(zip(by_strength, captions, strict=True)):
            made = vectors[row]
            kid[row, column] = paired_kernel_distances(real[row], made, once)[0]
            fid[row, column] = frechet_distance(real[row], made)
            top_3[row, column] = retrieval(made, sentences, numbers)[2].mean()
            mm_distance[row, column] = pair_distances(made, sentences, numbers).mean()
    return FaultFigures(strengths, kid, fid, top_3, mm_distance)
