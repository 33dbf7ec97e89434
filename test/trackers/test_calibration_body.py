# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The upper body of a calibration is the model's, and its steps and slopes are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_NAMES
from motion_avatar_ros.trackers.calibration import Calibration, MODEL_HEIGHT_M
from motion_avatar_ros.trackers.calibration_body import (
    CHAINS, IS_ARM, SIZES, UPPER_PARENTS, Unknowns, cross_matrix, rotation_vector_slopes,
)
from motion_avatar_ros.trackers.calibration_prior import POSTURE_SIZE, UPPER_BODY
from motion_avatar_ros.trackers.operator_body import OperatorBody

TRACKERS, STEPS = 3, 4


def unknowns(log_scale=0.0, log_arm_scale=0.0, seed=0):
    """Return the built-in calibration's upper body in some frames, with random offsets."""
    rng = np.random.default_rng(seed)
    poses = builtin_motion('calibration', 10.0).poses[20::23]
    return Unknowns(
        poses.local_rotations[:, list(UPPER_BODY)], np.exp(log_scale) * poses.root_position,
        log_scale, log_arm_scale, 0.01, rng.normal(0.0, 0.1, (TRACKERS, 3)),
        Rotation.random(TRACKERS, random_state=seed).as_matrix(),
        rng.normal(0.0, 0.1, (STEPS, POSTURE_SIZE)))


def test_parents_come_first_and_chains_lead_from_the_root_to_the_joint():
    assert UPPER_PARENTS[0] == -1
    for slot, (parent, chain) in enumerate(zip(UPPER_PARENTS, CHAINS, strict=True)):
        assert parent < slot and chain[0] == 0 and chain[-1] == slot
        assert [UPPER_PARENTS[joint] for joint in chain[1:]] == list(chain[:-1])


def test_arms_are_the_bones_from_shoulder_to_wrist():
    assert [JOINT_NAMES[joint] for joint in np.array(UPPER_BODY)[IS_ARM]] == [
        'left_elbow', 'left_wrist', 'right_elbow', 'right_wrist']


@pytest.mark.parametrize(('scale', 'arm_scale'), [(1.0, 1.0), (1.2, 0.93), (0.85, 1.1)])
def test_joints_are_those_of_the_calibrated_operators_body(scale, arm_scale):
    body = OperatorBody(
        Calibration(height_m=scale * MODEL_HEIGHT_M, arm_scale=arm_scale), ('head',))
    poses = body.to_operator(builtin_motion('calibration', 10.0).poses[20::23])
    expected = poses.global_joints(body.offsets_m)
    found = unknowns(np.log(scale), np.log(arm_scale)).joints()
    for mine, others in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, others[:, list(UPPER_BODY)], atol=1e-12)


def test_step_leads_to_where_the_core_says_it_came_from():
    rng, start = np.random.default_rng(1), unknowns()
    core = rng.normal(0.0, 0.2, SIZES + 6 * TRACKERS)
    poses = rng.normal(0.0, 0.2, (len(start.roots), POSTURE_SIZE))
    habits = rng.normal(size=start.habits.shape)
    end = start.moved(poses, core, habits)
    np.testing.assert_allclose(end.core_since(start), core, atol=1e-12)
    np.testing.assert_allclose(end.roots - start.roots, poses[:, :3], atol=1e-12)
    np.testing.assert_allclose(end.habits - start.habits, habits, atol=1e-12)
    turned = axis_angle_from_matrix(start.rotations.swapaxes(-1, -2) @ end.rotations)
    np.testing.assert_allclose(turned.reshape(len(poses), -1), poses[:, 3:], atol=1e-12)


def test_no_step_changes_nothing():
    start = unknowns()
    end = start.moved(
        np.zeros((len(start.roots), POSTURE_SIZE)), np.zeros(SIZES + 6 * TRACKERS),
        np.zeros_like(start.habits))
    assert (end.core_since(start) == 0.0).all()
    np.testing.assert_array_equal(end.rotations, start.rotations)


def test_cross_matrix_is_the_cross_product():
    vectors, others = np.random.default_rng(2).normal(size=(2, 5, 3))
    np.testing.assert_allclose(
        (cross_matrix(vectors) @ others[..., None])[..., 0], np.cross(vectors, others),
        atol=1e-15)


@pytest.mark.parametrize('angle_rad', [0.0, 1e-9, 0.9e-3, 1.1e-3, 0.1, 1.0, 2.5, 3.1])
def test_slopes_of_rotation_vectors_are_the_differences_on_both_sides(angle_rad):
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(6, 3))
    vectors *= angle_rad / np.linalg.norm(vectors, axis=-1, keepdims=True)
    rotations, step = matrix_from_axis_angle(vectors), 1e-6
    slopes = rotation_vector_slopes(vectors)
    for axis in range(3):
        small = matrix_from_axis_angle(step * np.eye(3)[axis])
        for turned, expected in ((lambda turn: rotations @ turn, slopes[..., axis]),
                                 (lambda turn: turn @ rotations, slopes[:, axis])):
            difference = (axis_angle_from_matrix(turned(small))
                          - axis_angle_from_matrix(turned(small.T))) / (2.0 * step)
            np.testing.assert_allclose(difference, expected, atol=2e-6)


def test_slopes_do_not_jump_where_the_series_takes_over():
    axis = np.array([0.6, 0.0, 0.8])
    below, above = rotation_vector_slopes(np.stack((0.99999e-3 * axis, 1.00001e-3 * axis)))
    np.testing.assert_allclose(below, above, atol=1e-7)
    np.testing.assert_allclose(below + below.T, above + above.T, atol=1e-9)
