# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an operator is asked to hold, and that being asked only ever narrows a distribution."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, geodesic_angle, matrix_from_axis_angle,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.trackers.calibration_body import CHAINS
from motion_avatar_ros.trackers.calibration_prior import POSTURE_SIZE, UPPER_BODY, load_priors
from motion_avatar_ros.training.calibration_instruction import (
    FOLLOWED_STD_RAD, HELD_JOINTS, LEVEL_HEAD, asked_arm, asked_hands, conditioned, level_arm,
)

PELVIS_YAW = 4
ELBOW, WRIST = matrix_from_axis_angle(np.radians([[0.0, -18.0, 0.0], [16.0, 4.0, 16.0]]))
JOINTS = HELD_JOINTS['t_pose']


def wide(seed=0):
    """Return a covariance of postures, 10 to 30 degrees wide, in which the yaw is on its own."""
    rng = np.random.default_rng(seed)
    root = rng.normal(0.0, 0.05, (POSTURE_SIZE, POSTURE_SIZE))
    covariance = root @ root.T + 0.02 * np.eye(POSTURE_SIZE)
    covariance[PELVIS_YAW], covariance[:, PELVIS_YAW] = 0.0, 0.0
    covariance[PELVIS_YAW, PELVIS_YAW] = 0.3
    return covariance


def world(rotations, joint, posture=np.zeros(POSTURE_SIZE)):
    """Return how a joint is turned in the world in a posture about the mean."""
    turned = np.eye(3)
    for slot in CHAINS[UPPER_BODY.index(joint)]:
        turned = turned @ rotations[slot] @ matrix_from_axis_angle(
            posture[3 + 3 * slot:6 + 3 * slot])
    return turned


def world_slopes(rotations, joint):
    """Return how a joint turns in the world by each number of a posture (3, 45)."""
    mean, columns = world(rotations, joint), []
    for number in range(POSTURE_SIZE):
        there = world(rotations, joint, 1e-6 * np.eye(POSTURE_SIZE)[number])
        columns.append(axis_angle_from_matrix(mean.T @ there) / 1e-6)
    return np.stack(columns, axis=-1)


@pytest.fixture(params=['wide', 'shipped'])
def covariance(request):
    return wide() if request.param == 'wide' else load_priors()['arm_circles'].between


@pytest.mark.parametrize('step', ['t_pose', 'arms_down'])
def test_being_asked_never_widens_anything(covariance, step):
    prior = load_priors()[step]
    after = conditioned(covariance, prior.rotations, HELD_JOINTS[step])
    np.testing.assert_allclose(after, after.T, atol=1e-12)
    assert np.linalg.eigvalsh(after).min() > 0.0
    # Neither along an axis nor in any other direction.
    assert np.linalg.eigvalsh(covariance - after).min() > -1e-9
    assert (np.diag(after) <= np.diag(covariance) + 1e-12).all()


def test_held_joints_are_turned_in_the_world_as_asked_but_for_how_it_is_followed(covariance):
    rotations = load_priors()['t_pose'].rotations
    after = conditioned(covariance, rotations, JOINTS)
    for joint in JOINTS:
        slopes = world_slopes(rotations, joint)
        slopes[:, PELVIS_YAW] = 0.0
        before_rad, after_rad = (
            np.sqrt(np.diag(slopes @ part @ slopes.T)) for part in (covariance, after))
        assert (after_rad < 1.001 * FOLLOWED_STD_RAD).all()
        # As wide as followed, where it was much wider before.
        expected_rad = 1.0 / np.hypot(1.0 / before_rad, 1.0 / FOLLOWED_STD_RAD)
        np.testing.assert_allclose(after_rad, expected_rad, rtol=0.1)


def test_where_the_operator_faces_is_not_asked_for():
    rotations = load_priors()['t_pose'].rotations
    after = conditioned(wide(), rotations, JOINTS)
    assert after[PELVIS_YAW, PELVIS_YAW] == pytest.approx(0.3, rel=1e-12)
    shipped = load_priors()['arm_circles'].between
    assert conditioned(shipped, rotations, JOINTS)[PELVIS_YAW, PELVIS_YAW] == pytest.approx(
        shipped[PELVIS_YAW, PELVIS_YAW], rel=0.01)


def test_nothing_held_changes_nothing():
    np.testing.assert_array_equal(
        conditioned(wide(), load_priors()['t_pose'].rotations, ()), wide())


def test_shipped_priors_are_those_of_operators_who_were_asked():
    for step, joints in HELD_JOINTS.items():
        prior = load_priors()[step]
        for joint in joints:
            slopes = world_slopes(prior.rotations, joint)
            slopes[:, PELVIS_YAW] = 0.0
            scatter_rad = np.sqrt(np.diag(slopes @ prior.between @ slopes.T))
            assert (scatter_rad < 1.5 * FOLLOWED_STD_RAD).all(), (step, joint)


def test_asked_hands_are_those_of_the_priors_t_pose():
    rotations = load_priors()['t_pose'].rotations
    hands = asked_hands(*(
        rotations[UPPER_BODY.index(JOINT_INDEX[f'left_{name}'])] for name in ('elbow', 'wrist')))
    for side, hand in hands.items():
        found = world(rotations, JOINT_INDEX[f'{side}_wrist'])
        assert geodesic_angle(found, hand) < np.radians(2.0)
    assert geodesic_angle(world(rotations, HEAD), ROS_FROM_SMPL @ LEVEL_HEAD) < np.radians(2.0)


def test_asked_hands_are_mirror_images_with_palms_down_and_arms_to_the_sides():
    hands = asked_hands(ELBOW, WRIST)
    across = np.diag([1.0, -1.0, 1.0])
    np.testing.assert_allclose(
        hands['right'], across @ hands['left'] @ np.diag([-1.0, 1.0, 1.0]), atol=1e-12)
    for hand in hands.values():
        assert hand[2, 1] > np.cos(np.radians(20.0))  # the back of the hand is up
        np.testing.assert_allclose(hand.T @ hand, np.eye(3), atol=1e-12)


def test_level_arm_hangs_by_five_degrees_whatever_the_elbow():
    for bend_rad in (0.0, 0.3, 0.8):
        elbow = matrix_from_axis_angle(np.array([0.0, -bend_rad, 0.0]))
        bones = [REST_OFFSETS_M[JOINT_INDEX[f'left_{name}']] for name in ('elbow', 'wrist')]
        upper = level_arm(elbow, WRIST)
        wrist_m = upper @ (bones[0] + elbow @ bones[1])
        along = wrist_m / np.linalg.norm(wrist_m)
        assert np.degrees(np.arcsin(along[1])) == pytest.approx(-5.0, abs=1e-6)
        assert along[2] == pytest.approx(0.0, abs=1e-9)


def test_asked_arm_is_held_in_the_world_however_the_trunk_is_bent():
    hanging = np.stack((np.eye(3), np.eye(3), ELBOW, WRIST))
    for trunk_rad in ([0.0, 0.0, 0.0], [0.3, 0.0, 0.1], [-0.2, 0.4, 0.0]):
        trunk = ROS_FROM_SMPL @ matrix_from_axis_angle(np.array(trunk_rad))
        arm = asked_arm(trunk, hanging)
        hand = np.linalg.multi_dot([trunk, *arm])
        np.testing.assert_allclose(hand, asked_hands(ELBOW, WRIST)['left'], atol=1e-12)
        np.testing.assert_array_equal(arm[2:], hanging[2:])
