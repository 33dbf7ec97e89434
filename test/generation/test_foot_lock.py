# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Feet in a blend: one that stands stays, one that has to go elsewhere steps, none glides."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.generation.foot_lock import locked
from motion_avatar_ros.generation.standing import standing_at
from motion_avatar_ros.generation.standing_feet import feet_of, standing_feet

RATE_HZ = 20.0
BOTH = np.array([True, True])


def glided(way_m, frames=40):
    """Return somebody who stands and is moved along x as a whole."""
    pose = standing_at([0.0, 0.0], 0.0)
    share = np.clip(np.arange(frames) / 10.0, 0.0, 1.0)
    roots = pose.root_position + share[:, None] * [way_m, 0.0, 0.0]
    return BodyPose(np.repeat(pose.local_rotations[None], frames, axis=0), roots)


def test_standing_feet_stay_while_the_body_moves_over_them():
    poses = glided(0.08)
    shown, steps = locked(poses, np.ones((40, 2), dtype=bool), BOTH, RATE_HZ)
    assert steps == 0
    balls = feet_of(shown).balls
    assert np.linalg.norm(np.ptp(balls[..., :2], axis=0), axis=-1).max() < 0.01
    np.testing.assert_allclose(shown.root_position[:, :2], poses.root_position[:, :2])


def test_feet_that_are_left_too_far_behind_step_and_do_not_glide():
    poses = glided(0.4)
    shown, steps = locked(poses, np.ones((40, 2), dtype=bool), BOTH, RATE_HZ)
    assert steps >= 2
    balls = feet_of(shown).balls
    assert np.abs(balls[-1] - feet_of(poses).balls[-1]).max() < 0.15
    lifted = balls[1:-1, :, 2] > 0.035
    fast = np.linalg.norm(balls[2:, :, :2] - balls[:-2, :, :2], axis=-1) > 0.08
    assert (lifted | ~fast).mean() > 0.9


def test_what_a_lifted_foot_is_off_by_fades():
    poses = glided(0.1)
    stands = np.ones((40, 2), dtype=bool)
    stands[15:, 0] = False
    shown, _ = locked(poses, stands, BOTH, RATE_HZ)
    off = np.linalg.norm((feet_of(shown).balls - feet_of(poses).balls)[..., :2], axis=-1)
    assert off[14].min() > 0.08 and off[-1, 0] < 0.01 and off[-1, 1] > 0.08


@pytest.mark.parametrize(('speed', 'height', 'stands'), [
    (0.0, 0.0, True), (0.2, 0.0, True), (0.9, 0.0, False), (0.0, 0.1, False)])
def test_a_foot_stands_that_is_low_and_slow(speed, height, stands):
    balls = np.zeros((10, 2, 3))
    balls[..., 0] = speed / RATE_HZ * np.arange(10)[:, None]
    balls[..., 2] = 0.03 + height
    assert (standing_feet(balls, RATE_HZ) == stands).all()
