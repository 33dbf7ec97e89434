# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Where compared motion comes from: generators, and what they have to beat.

Each gives a motion to each clip's text in the clip's own length, once for each seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.generation.motion_features import (
    PLANAR_VELOCITY, VELOCITIES, YAW_VELOCITY,
)
from motion_avatar_ros.generation.text_to_motion import TextToMotion
from motion_avatar_ros.generation_evaluation.evaluation_clips import EvaluationClips

_AT_ONCE = 32
_STILL = (YAW_VELOCITY, PLANAR_VELOCITY, VELOCITIES)


def generated(
    generator: TextToMotion, clips: EvaluationClips, seed: int
) -> list[np.ndarray]:
    """Return what a generator makes of the texts."""
    made: list[np.ndarray] = []
    for first in range(0, len(clips.texts), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        # Its own seed for each batch: a motion depends on its place in one.
        made += generator.generate(
            clips.texts[part], clips.frames[part], seed * len(clips.texts) + first)
    return made


def reconstructed(generator: TextToMotion, clips: EvaluationClips) -> list[np.ndarray]:
    """Return the clips as a generator renders what it is told to keep: what tokens can tell."""
    return [
        generator.edit(each, np.ones(len(each), dtype=bool), '', 0) for each in clips.features]


def random_training(
    training: Sequence[np.ndarray], clips: EvaluationClips, seed: int
) -> list[np.ndarray]:
    """Return stretches of training clips, by chance, whatever the text."""
    rng = np.random.default_rng((seed, 1))
    lengths = np.array([len(each) for each in training])
    stretches = []
    for count in clips.frames:
        starts = np.maximum(lengths - count + 1, 0)
        if not starts.any():    # none is as long: the longest, and standing still
            whole = training[int(lengths.argmax())]
            still = np.repeat(whole[-1:], count - len(whole), axis=0)
            stretches.append(np.concatenate((whole, _without_velocity(still))))
            continue
        clip = int(rng.choice(len(training), p=starts / starts.sum()))
        start = int(rng.integers(starts[clip]))
        stretches.append(training[clip][start:start + count])
    return stretches


def mean_pose(training: Sequence[np.ndarray], clips: EvaluationClips) -> list[np.ndarray]:
    """Return the mean pose of training frames, standing still."""
    frames = sum(len(each) for each in training)
    total = sum(each.sum(axis=0, dtype=float) for each in training)
    mean = _without_velocity((total / frames)[None])
    return [np.repeat(mean, count, axis=0) for count in clips.frames]


def shuffled_in_time(clips: EvaluationClips, seed: int) -> list[np.ndarray]:
    """Return real frames in any order: poses are right, motion is none."""
    rng = np.random.default_rng((seed, 2))
    return [each[rng.permutation(len(each))] for each in clips.features]


def _without_velocity(features: np.ndarray) -> np.ndarray:
    still = features.copy()
    for part in _STILL:
        still[:, part] = 0.0
    return still
