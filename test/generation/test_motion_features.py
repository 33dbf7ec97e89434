# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion features: back without loss, and what each of them says."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.mirroring import mirrored_motion
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import (
    apply, matrix_from_axis_angle, rotation_about_z,
)
from motion_avatar_ros.body.skeleton import JOINT_COUNT, MIRRORED_JOINT
from motion_avatar_ros.generation.feature_scale import FeatureScale
from motion_avatar_ros.generation.motion_features import (
    CONTACTS, HEIGHT, PLANAR_VELOCITY, POSITIONS, ROTATIONS, VELOCITIES, WIDTH, YAW_VELOCITY,
    MotionFeaturesError, exact_features, features_from_motion, motion_from_features,
)
from motion_avatar_ros.trackers.heading import heading_angles

FRAMES = 196


@pytest.fixture(scope='module', params=['walk', 'wave', 'squat'])
def motion(request) -> Motion:
    """Return a clip that begins somewhere in the room and faces somewhere."""
    poses = builtin_motion(request.param, 20.0).poses[:FRAMES]
    turn = rotation_about_z(np.array(2.1))
    local = poses.local_rotations.copy()
    local[:, 0] = turn @ local[:, 0]
    return Motion(BodyPose(local, apply(turn, poses.root_position) + [3.0, -2.0, 0.4]), 20.0)


def test_there_and_back_is_the_same_motion_from_the_origin_on(motion):
    back = motion_from_features(features_from_motion(motion))
    _, joints = back.poses.global_joints()
    again = features_from_motion(back)
    assert np.abs(again - features_from_motion(motion)).max() < 1e-3
    assert np.abs(back.poses.local_rotations[:, 1:]
                  - motion.poses.local_rotations[:, 1:]).max() < 1e-5
    assert np.abs(back.poses.root_position[0, :2]).max() == 0.0
    _, truth = motion.poses.global_joints()
    distances, true_distances = (
        np.linalg.norm(each - each[:1, :1], axis=-1) for each in (joints, truth))
    assert np.abs(distances - true_distances).max() < 1e-3     # also far from the start


def _in_start_frame(motion: Motion) -> np.ndarray:
    """Return joints (T, 22, 3) [m] on the floor, from the first pelvis on, as it faces."""
    _, joints = motion.poses.global_joints()
    joints = joints - joints[:1, :1] * [1.0, 1.0, 0.0]
    joints = joints - [0.0, 0.0, joints[:, [7, 8, 10, 11], 2].min()]
    facing = rotation_about_z(-heading_angles(motion.poses.local_rotations[:1, 0]))
    return apply(facing[:, None], joints)


@pytest.mark.parametrize(('features_of', 'error_m', 'error'), [
    (features_from_motion, 1e-3, 1e-6), (exact_features, 1e-6, 1e-12)])
def test_there_and_back_every_joint_is_where_it_was(motion, features_of, error_m, error):
    back = motion_from_features(features_of(motion))
    _, joints = back.poses.global_joints()
    assert len(back) == len(motion)
    assert np.abs(joints - _in_start_frame(motion)).max() < error_m
    assert np.abs(back.poses.local_rotations[:, 1:]
                  - motion.poses.local_rotations[:, 1:]).max() < error


def test_a_body_that_lies_and_rolls_comes_back_too():
    angles = np.linspace(0.0, 4.0 * np.pi, FRAMES)
    local = np.tile(np.eye(3), (FRAMES, JOINT_COUNT, 1, 1))
    local[:, 0] = matrix_from_axis_angle(np.stack(
        (angles, 0.3 * np.sin(angles), np.cos(2.0 * angles)), axis=-1))
    rolling = Motion(BodyPose(local, np.stack(
        (np.sin(angles), angles, 0.5 + 0.1 * np.cos(angles)), axis=-1)), 20.0)
    for features_of, error_m in ((features_from_motion, 1e-3), (exact_features, 1e-6)):
        _, joints = motion_from_features(features_of(rolling)).poses.global_joints()
        assert np.abs(joints - _in_start_frame(rolling)).max() < error_m


def test_place_and_facing_in_the_room_do_not_matter(motion):
    turn = rotation_about_z(np.array(-0.7))
    local = motion.poses.local_rotations.copy()
    local[:, 0] = turn @ local[:, 0]
    moved = Motion(BodyPose(
        local, apply(turn, motion.poses.root_position) + [1.0, 5.0, -0.3]), 20.0)
    assert np.abs(features_from_motion(moved) - features_from_motion(motion)).max() < 1e-4


def test_features_say_what_their_names_say(motion):
    features = features_from_motion(motion)
    _, joints = motion_from_features(features).poses.global_joints()
    assert features.shape == (len(motion), WIDTH) and features.dtype == np.float32
    assert joints[:, [7, 8, 10, 11], 2].min() == pytest.approx(0.0, abs=1e-5)
    assert features[:, HEIGHT][:, 0] == pytest.approx(joints[:, 0, 2], abs=1e-5)
    headings = np.concatenate(([0.0], np.cumsum(features[:-1, YAW_VELOCITY][:, 0])))
    into = rotation_about_z(-headings)
    relative = joints[:, 1:] - joints[:, :1] * [1.0, 1.0, 0.0]
    assert features[:, POSITIONS] == pytest.approx(
        apply(into[:, None], relative).reshape(len(features), -1), abs=1e-4)
    steps = apply(into[:-1, None], np.diff(joints, axis=0)).reshape(len(features) - 1, -1)
    assert features[:-1, VELOCITIES] == pytest.approx(steps, abs=1e-4)
    assert features[:-1, PLANAR_VELOCITY] == pytest.approx(steps[:, :2], abs=1e-4)
    assert set(np.unique(features[:, CONTACTS])) <= {0.0, 1.0}
    assert features[:, CONTACTS].mean() > 0.3


def test_mirrored_twice_is_the_same_and_once_is_the_other_side(motion):
    once = mirrored_motion(motion)
    twice = mirrored_motion(once)
    assert np.abs(twice.poses.local_rotations - motion.poses.local_rotations).max() < 1e-12
    features, other = features_from_motion(motion), features_from_motion(once)
    assert other[:, YAW_VELOCITY] == pytest.approx(-features[:, YAW_VELOCITY], abs=1e-5)
    assert other[:, CONTACTS] == pytest.approx(features[:, CONTACTS][:, [2, 3, 0, 1]])
    _, joints = once.poses.global_joints()
    _, truth = motion.poses.global_joints()
    signs = np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])    # of x y z of both columns
    sides = features[:, ROTATIONS].reshape(-1, 21, 6)[
        :, np.array(MIRRORED_JOINT[1:]) - 1] * signs
    assert other[:, ROTATIONS] == pytest.approx(sides.reshape(len(features), -1), abs=1e-5)
    assert other[:, PLANAR_VELOCITY] == pytest.approx(
        features[:, PLANAR_VELOCITY] * [1.0, -1.0], abs=1e-5)
    # The skeleton's two sides differ by some millimetres.
    assert np.abs(joints[:, 20] - truth[:, 21] * [1.0, -1.0, 1.0]).max() < 0.05


def test_other_rates_are_brought_to_twenty_hertz():
    fast = builtin_motion('walk', 60.0)
    assert len(features_from_motion(fast)) == pytest.approx(len(fast) / 3, abs=1)


def test_scale_is_undone_and_makes_the_root_louder():
    rng = np.random.default_rng(0)
    frames = rng.normal(2.0, 3.0, (500, WIDTH))
    scale = FeatureScale.of(frames)
    normal = scale.normalise(frames)
    assert normal.std(axis=0)[:4] == pytest.approx(np.full(4, 5.0), rel=1e-3)
    assert normal.std(axis=0)[4:265] == pytest.approx(np.ones(261), rel=1e-3)
    assert scale.denormalise(normal) == pytest.approx(frames, abs=1e-4)
    again = FeatureScale.of_arrays(scale.as_arrays())
    assert (again.normalise(frames) == normal).all()


@pytest.mark.parametrize('features', [
    np.zeros((0, WIDTH)), np.zeros((5, 100)), np.zeros(WIDTH), np.full((5, WIDTH), np.nan)])
def test_what_are_no_features_is_refused(features):
    with pytest.raises(MotionFeaturesError):
        motion_from_features(features)
