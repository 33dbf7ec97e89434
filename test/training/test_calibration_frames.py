# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames are told apart by what the body does, wherever it stands, and hands get one zero."""

from __future__ import annotations

from calibration_stretches import stretch
import numpy as np
import pytest

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, geodesic_angle, matrix_from_axis_angle, rotation_about_z,
)
from motion_avatar_ros.body.skeleton import JOINT_INDEX
from motion_avatar_ros.training.calibration_frames import (
    HANGING_WRIST_RAD, hand_zero, look_at, middle_rotation,
)

RATE_HZ = 30.0
WRISTS = [JOINT_INDEX['left_wrist'], JOINT_INDEX['right_wrist']]


@pytest.fixture(scope='module')
def motion():
    return builtin_motion('calibration', RATE_HZ)


def with_rotations(motion, change):
    rotations = motion.poses.local_rotations.copy()
    change(rotations)
    return Motion(BodyPose(rotations, motion.poses.root_position), motion.rate_hz)


def with_hands(motion, turns):
    """Return a motion with its hands turned otherwise in the wrists (2, 3, 3)."""
    def turn(rotations):
        rotations[:, WRISTS] = rotations[:, WRISTS] @ turns
    return with_rotations(motion, turn)


def test_steps_of_a_calibration_are_told_apart():
    t_pose, arms_down, head, circles = (
        look_at(stretch(step)) for step in ('t_pose', 'arms_down', 'head', 'arm_circles'))
    for frames in (t_pose, arms_down, head, circles):
        assert frames.is_standing.all() and frames.is_straight.all()
    assert t_pose.is_level.all() and not arms_down.is_level.any()
    assert arms_down.is_hanging.all() and head.is_hanging.all() and not t_pose.is_hanging.any()
    assert t_pose.is_looking_ahead.all() and arms_down.is_looking_ahead.all()
    assert 0.2 < head.is_looking_ahead.mean() < 0.8
    assert t_pose.is_raised.all() and not arms_down.is_raised.any()
    assert 0.2 < circles.is_raised.mean() < 1.0
    assert t_pose.speed_m_s.max() < 0.25 < circles.speed_m_s.max()


def test_left_and_right_arm_are_not_mixed_up():
    lowered = stretch('arms_down').poses.local_rotations[0]
    right = [JOINT_INDEX[f'right_{name}'] for name in ('collar', 'shoulder', 'elbow', 'wrist')]

    def lower(rotations):
        rotations[:, right] = lowered[right]
    frames = look_at(with_rotations(stretch('t_pose'), lower))
    np.testing.assert_array_equal(frames.is_level.all(axis=0), [True, False])
    assert np.degrees(frames.elevation_rad[:, 0]).min() > -10.0
    assert np.degrees(frames.elevation_rad[:, 1]).max() < -65.0


def test_place_and_facing_do_not_matter(motion):
    turn = rotation_about_z(np.asarray(2.2))
    rotations = motion.poses.local_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    moved = look_at(Motion(BodyPose(
        rotations, motion.poses.root_position @ turn.T + [7.0, -2.0, 0.0]), RATE_HZ))
    for name, value in vars(look_at(motion)).items():
        np.testing.assert_allclose(
            getattr(moved, name).astype(float), value.astype(float), atol=1e-6, err_msg=name)


def test_arms_to_the_front_are_forward_on_both_sides():
    def reach(rotations):
        for side, sign in (('left', -1.0), ('right', 1.0)):
            shoulder = JOINT_INDEX[f'{side}_shoulder']
            rotations[:, shoulder] = matrix_from_axis_angle(
                np.array([0.0, sign * np.radians(60.0), 0.0])) @ rotations[:, shoulder]
    frames, before = look_at(with_rotations(stretch('t_pose'), reach)), look_at(stretch('t_pose'))
    turned = np.degrees(frames.forward_rad - before.forward_rad)
    np.testing.assert_allclose(turned, 60.0, atol=10.0)
    assert not frames.is_level.any()


@pytest.mark.parametrize('name', ['walk', 'squat', 'wave'])
def test_speed_is_per_second_whatever_the_rate(name):
    slow, fast = (look_at(builtin_motion(name, rate_hz)) for rate_hz in (30.0, 60.0))
    assert slow.speed_m_s.max() == pytest.approx(fast.speed_m_s.max(), rel=0.1)
    assert slow.speed_m_s[0] == 0.0


def test_whoever_leans_or_crouches_is_not_standing():
    def lean(rotations):
        rotations[:, 0] = rotations[:, 0] @ matrix_from_axis_angle(np.array([0.6, 0.0, 0.0]))
    leaning = look_at(with_rotations(stretch('arms_down'), lean))
    assert not leaning.is_standing.any() and not leaning.is_hanging.any()
    poses = stretch('arms_down').poses
    low = Motion(BodyPose(poses.local_rotations, poses.root_position - [0.0, 0.0, 0.3]), RATE_HZ)
    assert not look_at(low).is_standing.any()


def test_bent_arm_is_not_straight():
    def bend(rotations):
        rotations[:, JOINT_INDEX['left_elbow']] = matrix_from_axis_angle(
            np.array([0.0, -1.2, 0.0]))
    frames = look_at(with_rotations(stretch('t_pose'), bend))
    np.testing.assert_array_equal(frames.is_straight.all(axis=0), [False, True])
    assert not frames.is_straight[:, 0].any()


@pytest.mark.parametrize('turns_rad', [
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[0.5, -0.3, 0.4], [-0.2, 0.6, 0.1]]])
def test_hands_hang_as_the_mean_of_all_whatever_their_zero_was(motion, turns_rad):
    other = with_hands(motion, matrix_from_axis_angle(np.array(turns_rad)))
    same = hand_zero([other]).applied(other)
    hanging = look_at(same).is_hanging
    for wrist, mirror in zip(WRISTS, ([1.0, 1.0, 1.0], [1.0, -1.0, -1.0]), strict=True):
        middle = middle_rotation(same.poses.local_rotations[hanging, wrist])
        assert geodesic_angle(
            middle, matrix_from_axis_angle(HANGING_WRIST_RAD * mirror)) < np.radians(0.5)


def test_motions_that_differ_by_the_hands_zero_become_the_same(motion):
    other = with_hands(motion, matrix_from_axis_angle(
        np.array([[0.4, 0.1, -0.3], [-0.2, 0.3, 0.0]])))
    one, same = (hand_zero([clip]).applied(clip).poses.local_rotations
                 for clip in (motion, other))
    # As alike as medians of noise about different middles are.
    assert np.degrees(geodesic_angle(one, same)).max() < 1.0


def test_hands_are_turned_in_a_copy_and_nothing_else_is(motion):
    before = motion.poses.local_rotations.copy()
    turned = hand_zero([motion]).applied(motion)
    np.testing.assert_array_equal(motion.poses.local_rotations, before)
    others = [joint for joint in range(22) if joint not in WRISTS]
    np.testing.assert_array_equal(turned.poses.local_rotations[:, others], before[:, others])
    assert turned.rate_hz == motion.rate_hz


def test_subject_whose_arms_never_hang_is_judged_by_all_frames():
    raised = stretch('t_pose')
    assert not look_at(raised).is_hanging.any()
    found = hand_zero([raised]).applied(raised).poses.local_rotations[:, WRISTS[0]]
    assert geodesic_angle(
        middle_rotation(found), matrix_from_axis_angle(HANGING_WRIST_RAD)) < np.radians(0.5)


def test_middle_rotation_is_not_drawn_by_outliers_but_a_mean_with_weights_is():
    rng = np.random.default_rng(0)
    turns = rng.normal(0.0, 0.05, (60, 3))
    turns[::6] = [1.5, 0.0, 0.0]
    true = matrix_from_axis_angle(np.array([0.4, -1.0, 0.2]))
    rotations = true @ matrix_from_axis_angle(turns)
    assert geodesic_angle(middle_rotation(rotations), true) < np.radians(3.0)
    even = np.ones(len(turns))
    assert geodesic_angle(middle_rotation(rotations, even), true) > np.radians(10.0)
    even[::6] = 0.0
    assert geodesic_angle(middle_rotation(rotations, even), true) < np.radians(3.0)


def test_mean_rotation_balances_its_weights():
    rotations = matrix_from_axis_angle(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.8]]))
    middle = middle_rotation(rotations, np.array([3.0, 1.0]))
    np.testing.assert_allclose(axis_angle_from_matrix(middle), [0.0, 0.0, 0.2], atol=1e-9)
