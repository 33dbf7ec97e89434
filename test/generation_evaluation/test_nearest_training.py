# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Memorised motion is seen from whatever frame it is replayed."""

from __future__ import annotations

import numpy as np
from swaying_motion import swaying_motion

from motion_avatar_ros.generation.motion_features import features_from_motion
from motion_avatar_ros.generation_evaluation.nearest_training import NearestTraining


def _features(seed: int, frames: int = 90) -> np.ndarray:
    return features_from_motion(swaying_motion(seed, 3 * frames))


def test_a_replay_has_no_distance_and_new_motion_has():
    nearest = NearestTraining([_features(seed) for seed in range(4)])
    replay = _features(2)[13:70]
    assert nearest.distance_cm(replay) < 0.1
    assert nearest.distance_cm(_features(9)) > 5.0
    noisy = replay + np.random.default_rng(0).normal(0.0, 0.02, replay.shape)
    assert 2.0 < nearest.distance_cm(noisy) < 5.0


def test_no_stretch_goes_from_one_clip_into_the_next():
    one, two = _features(0, 40), _features(1, 40)
    nearest = NearestTraining([one, two, _features(2, 20)])
    assert nearest.distance_cm(np.concatenate((one[-16:], two[:16]))) > 5.0
