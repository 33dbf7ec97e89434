# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Holds are brought to what is asked for on the mean, and nothing else of the person is."""

from __future__ import annotations

from calibration_stretches import stretches
import numpy as np
import pytest

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, geodesic_angle, matrix_from_axis_angle, rotation_about_z,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX
from motion_avatar_ros.trackers.calibration_prior import UPPER_BODY, load_priors
from motion_avatar_ros.training.calibration_as_asked import holds_as_asked
from motion_avatar_ros.training.calibration_frames import middle_rotation
from motion_avatar_ros.training.calibration_instruction import LEVEL_HEAD, asked_hands

HELD, MOVED = ('t_pose', 'arms_down'), ('head', 'arm_circles')
ARMS = [JOINT_INDEX[f'{side}_{name}'] for side in ('left', 'right')
        for name in ('collar', 'shoulder', 'elbow', 'wrist')]


@pytest.fixture(scope='module')
def steps():
    """Return steps of somebody who looks aside and sways, anywhere in the room."""
    turn = rotation_about_z(np.asarray(2.0))
    found = {}
    for step, poses in stretches().items():
        rotations = poses.local_rotations.copy()
        rotations[:, 0] = turn @ rotations[:, 0]
        phase = np.linspace(0.0, 6.0, len(rotations))
        sway = np.radians(2.0) * np.stack((np.sin(phase), np.cos(2.0 * phase), 0.0 * phase), -1)
        rotations[:, HEAD] = rotations[:, HEAD] @ matrix_from_axis_angle(
            sway + np.radians([0.0, 12.0, 5.0]))
        rotations[:, JOINT_INDEX['spine2']] = rotations[
            :, JOINT_INDEX['spine2']] @ matrix_from_axis_angle(sway[:, ::-1])
        found[step] = BodyPose(rotations, poses.root_position @ turn.T)
    return found


def asked(steps, strays_rad=0.0, seed=0):
    return holds_as_asked(steps, np.random.default_rng(seed), strays_rad)


def from_the_shoulders(poses, joint):
    """Return how a joint is turned, (T, 3, 3) beside where the shoulders face on the mean."""
    rotations, positions = poses.global_joints()
    across = positions[:, JOINT_INDEX['left_shoulder']] - positions[
        :, JOINT_INDEX['right_shoulder']]
    facing = np.arctan2(across[:, 1].mean(), across[:, 0].mean()) - np.pi / 2.0
    return rotation_about_z(np.asarray(facing)).T @ rotations[:, joint]


def hands_asked():
    prior = load_priors()['t_pose'].rotations
    return asked_hands(*(
        prior[UPPER_BODY.index(JOINT_INDEX[f'left_{name}'])] for name in ('elbow', 'wrist')))


@pytest.mark.parametrize('step', HELD)
def test_head_looks_ahead_where_the_shoulders_face_on_the_mean(steps, step):
    heads = from_the_shoulders(asked(steps)[step], HEAD)
    assert geodesic_angle(
        middle_rotation(heads), ROS_FROM_SMPL @ LEVEL_HEAD) < np.radians(0.5)
    before = from_the_shoulders(steps[step], HEAD)
    assert geodesic_angle(
        middle_rotation(before), ROS_FROM_SMPL @ LEVEL_HEAD) > np.radians(10.0)


def test_hands_are_held_as_asked_in_the_t_pose_on_the_mean(steps):
    poses = asked(steps)['t_pose']
    for side, hand in hands_asked().items():
        found = from_the_shoulders(poses, JOINT_INDEX[f'{side}_wrist'])
        assert geodesic_angle(middle_rotation(found), hand) < np.radians(2.0), side


def test_t_pose_is_that_of_the_person_who_stands_with_the_arms_down(steps):
    found = asked(steps)
    others = [joint for joint in range(22) if joint not in (*ARMS, HEAD)]
    for step in HELD:
        np.testing.assert_array_equal(
            found[step].local_rotations[:, others], steps['arms_down'].local_rotations[:, others])
        np.testing.assert_array_equal(
            found[step].root_position, steps['arms_down'].root_position)
    np.testing.assert_array_equal(
        found['arms_down'].local_rotations[:, ARMS], steps['arms_down'].local_rotations[:, ARMS])


def test_person_goes_on_to_sway(steps):
    heads = from_the_shoulders(steps['arms_down'], HEAD)
    after = from_the_shoulders(asked(steps)['arms_down'], HEAD)
    np.testing.assert_allclose(
        geodesic_angle(heads[:-5], heads[5:]), geodesic_angle(after[:-5], after[5:]), atol=1e-9)
    hands = from_the_shoulders(asked(steps)['t_pose'], JOINT_INDEX['left_wrist'])
    assert geodesic_angle(hands[:-20], hands[20:]).max() > np.radians(1.0)


def test_steps_that_are_not_held_stay_untouched(steps):
    before = {step: poses.local_rotations.copy() for step, poses in steps.items()}
    found = asked(steps, np.radians(5.0))
    assert set(found) == set(steps)
    for step in MOVED:
        assert found[step] is steps[step]
    for step, rotations in before.items():
        np.testing.assert_array_equal(steps[step].local_rotations, rotations)


def test_same_seed_strays_alike_and_another_one_does_not(steps):
    one, again, other = (
        asked(steps, np.radians(3.0), seed)['t_pose'].local_rotations for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01


def test_strays_scatter_head_and_hands_by_what_is_given(steps):
    strays_rad = np.radians(3.0)
    few = {step: poses[::8] for step, poses in steps.items()}  # to be fast
    straight, rng = asked(few), np.random.default_rng(0)
    joints = {'head': HEAD, 'left': JOINT_INDEX['left_wrist'], 'right': JOINT_INDEX['right_wrist']}
    strayed = {name: [] for name in joints}
    for _ in range(80):
        found = holds_as_asked(few, rng, strays_rad)
        for name, joint in joints.items():
            now, then = (middle_rotation(from_the_shoulders(poses['t_pose'], joint))
                         for poses in (found, straight))
            strayed[name].append(axis_angle_from_matrix(then.T @ now))
    for name, turns in strayed.items():
        scatter = np.std(turns, axis=0)
        np.testing.assert_allclose(scatter, strays_rad, rtol=0.35, err_msg=name)
        assert np.sqrt((scatter ** 2).mean()) == pytest.approx(strays_rad, rel=0.15)
        assert np.abs(np.mean(turns, axis=0)).max() < 4.0 * strays_rad / np.sqrt(len(turns))
