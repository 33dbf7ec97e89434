# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Planted faults are there, in the strength asked for, and none at no strength."""

from __future__ import annotations

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.generation.motion_features import (
    CORE, HEIGHT, PLANAR_VELOCITY, POSITIONS, WIDTH, features_from_motion, motion_from_features,
)
from motion_avatar_ros.training.damaged_motion import (
    by_chance, held, mirrored, reversed_in_time, shuffled, sliding, trembling,
)

DAMAGES = (held, mirrored, reversed_in_time, shuffled, sliding, trembling)


@pytest.fixture(scope='module')
def features() -> np.ndarray:
    return features_from_motion(swaying_motion(3, 180))


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize('damage', DAMAGES)
def test_no_strength_is_no_damage_and_full_strength_is(features, damage):
    np.testing.assert_allclose(damage(features, 0.0, _rng())[:-1], features[:-1], atol=1e-4)
    damaged = damage(features, 1.0, _rng())
    assert damaged.shape == features.shape and np.isfinite(damaged).all()
    assert np.abs(damaged - features).max() > 0.01


def test_a_slide_is_as_fast_as_asked_and_leaves_the_pose(features):
    slid = motion_from_features(sliding(features, 0.5, _rng())).poses
    own = motion_from_features(features).poses
    way = slid.root_position - own.root_position
    assert np.linalg.norm(way[-1]) == pytest.approx(0.5 * (len(features) - 1) / 20.0, rel=1e-3)
    np.testing.assert_allclose(slid.local_rotations, own.local_rotations, atol=1e-5)


def test_frames_that_are_dropped_are_those_before(features):
    still = held(features, 1.0, _rng())
    assert np.ptp(still[:, POSITIONS], axis=0).max() < 1e-5
    assert np.abs(still[:, PLANAR_VELOCITY]).max() < 1e-6


def test_shuffled_frames_are_the_same_frames(features):
    heights = shuffled(features, 1.0, _rng())[:, HEIGHT]
    np.testing.assert_allclose(np.sort(heights, axis=0), np.sort(features[:, HEIGHT], axis=0),
                               atol=1e-5)


def test_damage_by_chance_is_finite_and_differs(features):
    rng = _rng()
    damaged = [by_chance(features, rng) for _ in range(12)]
    assert all(each.shape == (len(features), WIDTH) for each in damaged)
    assert len({each[:, CORE].tobytes() for each in damaged}) == 12
