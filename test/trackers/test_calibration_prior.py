# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The shipped priors are distributions, the same for left and right, in any room."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.body.skeleton import JOINT_INDEX, PARENTS
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS
from motion_avatar_ros.trackers.calibration_prior import (
    POSTURE_SIZE, UPPER_BODY, load_priors, persons_covariance,
)
from motion_avatar_ros.trackers.heading import heading_angles

PARTS = [(step, part) for step in CALIBRATION_STEPS for part in ('between', 'within')]
_REFLECT = np.array([1.0, -1.0, -1.0])  # of a rotation vector, left and right exchanged
ORDER = np.r_[0:21, 33:45, 21:33]  # numbers of a posture with the arms exchanged
SIGNS = np.concatenate(([1.0, -1.0, 1.0], np.tile(_REFLECT, len(UPPER_BODY))))


def covariance(step, part):
    return getattr(load_priors()[step], part)


def mirrored(matrix):
    return matrix[np.ix_(ORDER, ORDER)] * SIGNS[:, None] * SIGNS


def test_upper_body_is_a_tree_from_the_pelvis():
    assert UPPER_BODY[0] == JOINT_INDEX['pelvis'] and len(UPPER_BODY) == 14
    for slot, joint in enumerate(UPPER_BODY[1:], 1):
        assert PARENTS[joint] in UPPER_BODY[:slot]


def test_every_step_has_a_prior_of_the_right_shapes():
    assert tuple(load_priors()) == CALIBRATION_STEPS
    for prior in load_priors().values():
        assert prior.rotations.shape == (14, 3, 3)
        assert prior.between.shape == prior.within.shape == (POSTURE_SIZE, POSTURE_SIZE)
        assert 0.88 < prior.height_m < 0.95
        np.testing.assert_allclose(
            prior.rotations @ prior.rotations.swapaxes(-1, -2),
            np.broadcast_to(np.eye(3), (14, 3, 3)), atol=1e-12)


@pytest.mark.parametrize(('step', 'part'), PARTS)
def test_covariances_are_symmetric_and_positive_definite(step, part):
    matrix = covariance(step, part)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-15)
    values = np.linalg.eigvalsh(matrix)
    assert values.min() > 1e-6 and values.max() / values.min() < 1e7


@pytest.mark.parametrize(('step', 'part'), PARTS)
def test_left_and_right_scatter_alike(step, part):
    matrix = covariance(step, part)
    np.testing.assert_allclose(mirrored(matrix), matrix, atol=1e-12)


@pytest.mark.parametrize('step', CALIBRATION_STEPS)
def test_mean_postures_are_their_own_mirror_images(step):
    rotations = load_priors()[step].rotations
    across = np.diag([-1.0, 1.0, 1.0])  # in body axes
    expected = across @ rotations[np.r_[0:6, 10:14, 6:10]] @ across
    expected[0] = np.diag([1.0, -1.0, 1.0]) @ rotations[0] @ across
    np.testing.assert_allclose(rotations, expected, atol=1e-6)


@pytest.mark.parametrize(('step', 'part'), PARTS)
def test_place_and_facing_tell_nothing_else_so_that_rooms_can_be_turned(step, part):
    matrix = covariance(step, part)
    assert matrix[0, 0] == matrix[1, 1]
    assert (matrix[:2, 2:] == 0.0).all() and matrix[0, 1] == 0.0
    deviations = np.sqrt(np.diag(matrix))
    with_yaw = np.delete(matrix[4] / deviations / deviations[4], 4)
    assert np.abs(with_yaw).max() < 0.01


@pytest.mark.parametrize(('step', 'part'), PARTS)
def test_holds_scatter_less_than_movements_and_nobody_scatters_beyond_reach(step, part):
    turned_rad = np.sqrt(np.diag(covariance(step, part))[3:])
    assert turned_rad.max() < np.pi
    if part == 'within' and step in ('t_pose', 'arms_down'):
        assert np.degrees(turned_rad).max() < 5.0


def test_facing_turns_the_pelvis_in_the_world_and_leaves_the_prior_as_it_is():
    prior = load_priors()['t_pose']
    before = prior.rotations.copy()
    turned = prior.facing(2.0)
    np.testing.assert_array_equal(prior.rotations, before)
    np.testing.assert_array_equal(turned[1:], before[1:])
    assert geodesic_angle(turned[0], before[0]) == pytest.approx(2.0)
    assert heading_angles(turned[:1])[0] == pytest.approx(2.0, abs=1e-6)
    np.testing.assert_allclose(prior.facing(0.0), before)


def test_mean_postures_are_upright_and_face_along_x():
    for prior in load_priors().values():
        assert geodesic_angle(prior.rotations[0], ROS_FROM_SMPL) < np.radians(15.0)
        assert heading_angles(prior.rotations[:1])[0] == pytest.approx(0.0, abs=1e-6)


def test_persons_covariance_is_positive_definite_and_keeps_that_of_each_step():
    priors = [load_priors()[step] for step in CALIBRATION_STEPS]
    whole = persons_covariance(priors)
    np.testing.assert_allclose(whole, whole.T, atol=1e-12)
    assert np.linalg.eigvalsh(whole).min() > 0.0
    for number, prior in enumerate(priors):
        own = slice(POSTURE_SIZE * number, POSTURE_SIZE * (number + 1))
        np.testing.assert_allclose(whole[own, own], prior.between, atol=1e-7)


def test_persons_covariance_is_the_same_for_left_and_right():
    steps = len(CALIBRATION_STEPS)
    whole = persons_covariance([load_priors()[step] for step in CALIBRATION_STEPS])
    blocks = whole.reshape(steps, POSTURE_SIZE, steps, POSTURE_SIZE)
    for one in range(steps):
        for other in range(steps):
            block = blocks[one, :, other]
            np.testing.assert_allclose(mirrored(block), block, atol=1e-10)


def test_place_of_one_step_says_nothing_of_that_of_another():
    whole = persons_covariance([load_priors()[step] for step in CALIBRATION_STEPS])
    across = whole[:POSTURE_SIZE, POSTURE_SIZE:2 * POSTURE_SIZE]
    assert np.abs(across[[0, 1]]).max() < 1e-12
    assert np.abs(across[4]).max() < 1e-3
    assert across[5, 5] > 0.0  # but a trunk that is bent stays so
