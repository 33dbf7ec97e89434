# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the two-bone leg solver."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.leg_ik import LEGS
from motion_avatar_ros.body.rotations import apply, transpose

#: In the world (x ahead, y left, z up) for a body that faces along x.
LEFTWARDS = np.array([[0.0, 1.0, 0.0]])


def _ankle(leg, thigh, shin, hip):
    return hip + apply(thigh, leg.thigh) + apply(shin, leg.shin)


@pytest.mark.parametrize('leg', LEGS, ids=('left', 'right'))
def test_bent_leg_ends_at_the_ankle_and_knee_points_ahead(leg):
    rng = np.random.default_rng(0)
    hip = rng.normal(size=(200, 3))
    down = np.array([0.0, 0.0, -1.0]) + 0.5 * rng.normal(size=(200, 3))
    down /= np.linalg.norm(down, axis=-1, keepdims=True)
    ankle = hip + rng.uniform(0.25, 0.75, (200, 1)) * down
    thigh, shin = leg.bend(hip, ankle, np.broadcast_to(LEFTWARDS, hip.shape))
    assert np.abs(_ankle(leg, thigh, shin, hip) - ankle).max() < 1e-9
    knee = hip + apply(thigh, leg.thigh)
    middle = 0.5 * (hip + ankle)
    ahead = np.cross(LEFTWARDS, down)  # across the leg, away from the body's back
    assert (((knee - middle) * -ahead).sum(axis=-1) > 0.0).all()


@pytest.mark.parametrize('leg', LEGS, ids=('left', 'right'))
def test_knee_is_a_hinge(leg):
    hip, ankle = np.zeros((1, 3)), np.array([[0.1, 0.05, -0.6]])
    thigh, shin = leg.bend(hip, ankle, LEFTWARDS)
    knee = (transpose(thigh) @ shin)[0]
    assert np.allclose(knee[:, 0], [1.0, 0.0, 0.0])  # turns about the body's x axis only
    assert np.allclose(knee @ knee.T, np.eye(3)) and np.linalg.det(knee) > 0.0


def test_ankle_out_of_reach_is_pointed_at_by_a_finite_leg():
    leg = LEGS[0]
    hip, ankle = np.zeros((1, 3)), np.array([[0.3, 0.0, -2.0]])
    thigh, shin = leg.bend(hip, ankle, LEFTWARDS)
    reached = _ankle(leg, thigh, shin, hip)[0]
    assert np.linalg.norm(reached) == pytest.approx(leg.reach_m)
    assert np.allclose(reached / np.linalg.norm(reached), ankle[0] / np.linalg.norm(ankle[0]))
