# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The built-in operator who is being calibrated does what a guide asks for, symmetrically."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import axis_angle_from_matrix
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX, LEFT_WRIST, RIGHT_WRIST

RATE_HZ = 60.0
SHOULDERS = [JOINT_INDEX['left_shoulder'], JOINT_INDEX['right_shoulder']]
WRISTS = [LEFT_WRIST, RIGHT_WRIST]


@pytest.fixture(scope='module')
def joints():
    return builtin_motion('calibration', RATE_HZ).poses.global_joints()


def longest_s(is_so):
    """Return the length of the longest stretch in which something is so."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_so, [False]))))
    return float((edges[1::2] - edges[::2]).max()) / RATE_HZ


def test_t_pose_is_held_level_and_wide_for_three_seconds(joints):
    _, positions = joints
    left, right = positions[:, LEFT_WRIST], positions[:, RIGHT_WRIST]
    shoulders_m = positions[:, SHOULDERS, 2].mean(axis=-1)
    is_t_pose = (
        (np.linalg.norm(left - right, axis=-1) > 1.3)
        & (np.abs(left[:, 2] - right[:, 2]) < 0.03)
        & (np.abs(left[:, 2] - shoulders_m) < 0.05))
    assert longest_s(is_t_pose) > 3.0


def test_arms_hang_still_for_three_seconds(joints):
    _, positions = joints
    is_down = positions[:, WRISTS, 2].max(axis=-1) < 0.95
    speed = np.linalg.norm(np.gradient(positions[:, WRISTS], 1.0 / RATE_HZ, axis=0), axis=-1)
    assert longest_s(is_down & (speed.max(axis=-1) < 0.1)) > 3.0


def test_head_nods_and_shakes_about_two_axes(joints):
    rotations, _ = joints
    turns = np.degrees(axis_angle_from_matrix(
        rotations[:, HEAD] @ rotations[0, HEAD].T)).T
    roll, pitch, yaw = (float(np.ptp(angle)) for angle in turns)
    assert 35.0 < pitch < 60.0 and 60.0 < yaw < 100.0 and roll < 10.0


def test_arms_circle_stretched_to_the_front_and_overhead(joints):
    _, positions = joints
    late = positions[round(14.0 * RATE_HZ):round(18.5 * RATE_HZ)]
    arms = late[:, WRISTS] - late[:, SHOULDERS]
    assert np.linalg.norm(arms, axis=-1).min() > 0.49
    assert np.ptp(arms[..., 2], axis=0).min() > 0.8
    assert arms[..., 0].max(axis=0).min() > 0.4
    # A hand never comes through the chest or behind the back.
    assert (arms[:, 0, 1] > 0.1).all() and (arms[:, 1, 1] < -0.1).all()


def test_forearms_twist_while_they_circle(joints):
    rotations, _ = joints
    elbows = [JOINT_INDEX['left_elbow'], JOINT_INDEX['right_elbow']]
    twist = axis_angle_from_matrix(
        rotations[:, elbows].swapaxes(-1, -2) @ rotations[:, WRISTS])[..., 0]
    assert np.degrees(np.ptp(twist, axis=0)).min() > 50.0


def test_both_sides_do_the_same(joints):
    _, positions = joints
    middle = positions[:, 0, None]
    left, right = (positions[:, [joint]] - middle for joint in WRISTS)
    assert np.abs(left * [1.0, -1.0, 1.0] - right).max() < 0.12
