# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The sparse observation: invariant to place and facing, exact across calls."""

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER, observe
from motion_avatar_ros.trackers.observation_stream import ObservationStream


def walk(frames=50, seed=0):
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.normal(scale=0.03, size=(frames, 3, 3)), axis=0)
    rotations = Rotation.from_rotvec(turns.reshape(-1, 3)).as_matrix().reshape(frames, 3, 3, 3)
    positions = np.cumsum(rng.normal(scale=0.01, size=(frames, 3, 3)), axis=0)
    return rotations @ ROS_FROM_SMPL, positions + [0.0, 0.0, 1.4]


def test_place_and_facing_in_the_room_do_not_matter():
    rotations, positions = walk()
    turn = rotation_about_z(np.array(np.pi / 2))
    there = observe(turn @ rotations, positions @ turn.T + [10.0, -4.0, 0.0])
    np.testing.assert_allclose(there.features, observe(rotations, positions).features, atol=1e-12)


def test_height_above_the_floor_does_matter():
    rotations, positions = walk()
    raised = observe(rotations, positions + [0.0, 0.0, 0.1]).features
    np.testing.assert_allclose((raised - observe(rotations, positions).features)[..., 14], 0.1)


def test_features_are_those_of_the_contract():
    rotations = np.broadcast_to(ROS_FROM_SMPL, (2, 3, 3, 3))
    positions = np.array([[[0.0, 0.0, 1.5], [0.2, 0.3, 1.0], [0.2, -0.3, 1.0]]] * 2)
    positions[1] += [0.02, 0.0, 0.01]
    features = observe(rotations, positions).features
    assert features.shape == (2, 3, FEATURES_PER_TRACKER)
    identity_6d = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    left = features[1, 1]
    np.testing.assert_allclose(left[:6], [0.0, 1.0, 0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(left[6:12], identity_6d, atol=1e-12)
    np.testing.assert_allclose(left[12:15], [0.2, 0.3, 1.01])
    np.testing.assert_allclose(left[15:], [0.02, 0.0, 0.01])


def test_the_first_frame_stands_still():
    first = observe(*walk()).features[0]
    np.testing.assert_allclose(first[:, 6:12], [[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]] * 3, atol=1e-12)
    np.testing.assert_array_equal(first[:, 15:], 0.0)


def test_a_stream_cut_anywhere_gives_the_whole_clips_features():
    rotations, positions = walk()
    stream = ObservationStream(streams=1, trackers=3)
    parts = [
        stream.observe(rotations[None, a:b], positions[None, a:b]).features
        for a, b in ((0, 1), (1, 2), (2, 20), (20, 50))
    ]
    np.testing.assert_allclose(
        np.concatenate(parts, axis=1)[0], observe(rotations, positions).features, atol=1e-12)


def test_resetting_one_stream_leaves_the_other():
    rotations, positions = walk()
    stream = ObservationStream(streams=2, trackers=3)
    both = np.stack([rotations] * 2), np.stack([positions] * 2)
    stream.observe(both[0][:, :10], both[1][:, :10])
    stream.reset(0)
    features = stream.observe(both[0][:, 10:11], both[1][:, 10:11]).features
    np.testing.assert_array_equal(features[0, 0, :, 15:], 0.0)
    np.testing.assert_allclose(features[1, 0], observe(rotations, positions).features[10])
