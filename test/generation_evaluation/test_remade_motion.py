# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The one path: what a generator says beside its rotations has no say."""

from __future__ import annotations

import numpy as np
from swaying_motion import swaying_motion

from motion_avatar_ros.generation.motion_features import (
    CORE, POSITIONS, VELOCITIES, features_from_motion,
)
from motion_avatar_ros.generation_evaluation.remade_motion import remade


def test_positions_that_lie_and_features_that_are_missing_change_nothing():
    features = features_from_motion(swaying_motion(1, 180))
    lying = features.copy()
    lying[:, POSITIONS.start:] = 7.0
    for other in (lying, features[:, CORE]):
        np.testing.assert_array_equal(remade(other).features, remade(features).features)


def test_real_motion_comes_back_and_its_joints_stand_on_the_floor():
    features = features_from_motion(swaying_motion(2, 180))
    again = remade(features)
    np.testing.assert_allclose(
        again.features[:-1, POSITIONS.start:VELOCITIES.stop],
        features[:-1, POSITIONS.start:VELOCITIES.stop], atol=1e-4)
    assert again.joints.shape == (len(features), 22, 3)
    assert abs(again.joints[:, [7, 8, 10, 11], 2].min()) < 1e-4
