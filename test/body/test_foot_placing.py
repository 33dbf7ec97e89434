# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Feet that are put somewhere: there, and nothing else moves."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.foot_placing import ANKLES, BALLS, with_feet
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle, rotation_about_z
from motion_avatar_ros.body.skeleton import UPPER_JOINTS


@pytest.fixture(scope='module')
def poses():
    return builtin_motion('mix', 20.0).poses


def feet_of(poses):
    rotations, positions = poses.global_joints()
    return positions[..., BALLS, :], rotations[..., ANKLES, :, :]


def test_feet_that_are_there_already_leave_the_legs_untouched_however_straight(poses):
    placed = with_feet(poses, *feet_of(poses))
    angles = geodesic_angle(placed.local_rotations, poses.local_rotations)
    assert np.rad2deg(angles.max()) < 0.01


def test_feet_come_to_where_they_shall_be_and_the_trunk_stays(poses):
    balls, turns = feet_of(poses)
    balls = balls + np.array([[0.03, 0.02, 0.04], [-0.02, 0.03, 0.05]])
    turns = rotation_about_z(np.array(0.2)) @ turns
    placed = with_feet(poses, balls, turns)
    new_balls, new_turns = feet_of(placed)
    away_m = np.linalg.norm(new_balls - balls, axis=-1)
    assert np.percentile(away_m, 99) < 0.02 and np.median(away_m) < 0.003
    assert np.rad2deg(geodesic_angle(new_turns, turns).max()) < 0.01
    upper = list(UPPER_JOINTS)
    np.testing.assert_array_equal(
        placed.local_rotations[:, upper], poses.local_rotations[:, upper])


def test_a_place_out_of_reach_stretches_the_leg_and_turns_no_knee_inside_out(poses):
    balls, turns = feet_of(poses)
    placed = with_feet(poses, balls - [0.0, 0.0, 1.0], turns)
    _, positions = placed.global_joints()
    assert np.isfinite(placed.local_rotations).all()
    thigh = positions[:, [4, 5]] - positions[:, [1, 2]]
    shin = positions[:, [7, 8]] - positions[:, [4, 5]]
    cos = (thigh * shin).sum(-1) / np.linalg.norm(thigh, axis=-1) / np.linalg.norm(shin, axis=-1)
    assert np.rad2deg(np.arccos(cos.min())) < 15.0
