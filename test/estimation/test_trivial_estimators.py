# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, rotation_about_z
from motion_avatar_ros.body.skeleton import HEAD
from motion_avatar_ros.estimation.trivial_estimators import (
    NearestNeighbour, mean_pose, rest_pose, tracked_joints,
)


def walk(seed: int, frames: int = 50) -> Motion:
    """A smooth random upright motion."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(frames)[:, None, None] / 60.0
    sway = rng.normal(0.0, 0.4, (22, 3)) * np.sin(
        2.0 * np.pi * rng.uniform(0.3, 1.0, (22, 3)) * seconds + rng.uniform(0.0, 6.0, (22, 3)))
    rotations = Rotation.from_rotvec(sway.reshape(-1, 3)).as_matrix().reshape(frames, 22, 3, 3)
    rotations[:, 0] = ROS_FROM_SMPL @ rotations[:, 0]
    root = np.array([0.0, 0.0, 0.95]) + np.arange(frames)[:, None] * [0.01, 0.002, 0.0]
    return Motion(BodyPose(rotations, root), 60.0)


def placed(motion: Motion, yaw_rad: float, shift_m: tuple[float, float]) -> Motion:
    turn = rotation_about_z(np.asarray(yaw_rad))
    rotations = motion.poses.local_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    root = motion.poses.root_position @ turn.T + [*shift_m, 0.0]
    return Motion(BodyPose(rotations, root), motion.rate_hz)


def estimators(streams: int = 1):
    motions = [walk(1), walk(2)]
    return [
        rest_pose(60.0, streams), mean_pose(motions, 60.0, streams),
        NearestNeighbour(motions, 60.0, streams, stride=3),
    ]


def run(estimator, motion: Motion) -> BodyPose:
    estimator.reset()
    rotations, positions = tracked_joints(motion)
    steps = [estimator.step(rotations[None, t:t + 1], positions[None, t:t + 1])
             for t in range(len(motion))]
    return BodyPose(
        np.concatenate([step.poses.local_rotations[0] for step in steps]),
        np.concatenate([step.poses.root_position[0] for step in steps]))


@pytest.mark.parametrize('index', range(3))
def test_head_stays_where_it_was_observed(index):
    motion = walk(3)
    estimate = run(estimators()[index], motion)
    observed = tracked_joints(motion)[1][:, 0]
    assert np.abs(estimate.global_joints()[1][:, HEAD] - observed).max() < 1e-12


@pytest.mark.parametrize('index', range(3))
def test_place_and_facing_in_the_room_do_not_matter(index):
    motion = walk(3)
    estimator = estimators()[index]
    here = run(estimator, motion)
    there = run(estimator, placed(motion, 2.0, (10.0, -4.0)))
    assert geodesic_angle(here.local_rotations[:, 1:], there.local_rotations[:, 1:]).max() < 1e-6
    turned = placed(Motion(here, 60.0), 2.0, (10.0, -4.0)).poses
    assert np.abs(turned.root_position - there.root_position).max() < 1e-9


def test_rest_pose_is_upright_and_faces_where_the_head_heads():
    still = np.broadcast_to(np.eye(3), (4, 22, 3, 3)).copy()
    still[:, 0] = rotation_about_z(np.asarray(0.7)) @ ROS_FROM_SMPL
    truth = BodyPose(still, np.tile([1.0, 2.0, 0.9], (4, 1)))
    estimate = run(rest_pose(), Motion(truth, 60.0))
    assert np.abs(estimate.local_rotations - truth.local_rotations).max() < 1e-12
    assert np.abs(estimate.root_position - truth.root_position).max() < 1e-12


def test_mean_pose_is_a_rotation_midway():
    def bent(degrees):
        rotations = np.broadcast_to(np.eye(3), (6, 22, 3, 3)).copy()
        rotations[:, 0] = ROS_FROM_SMPL
        rotations[:, 4] = Rotation.from_euler('x', degrees, True).as_matrix()
        return Motion(BodyPose(rotations, np.zeros((6, 3))), 60.0)

    estimate = run(mean_pose([bent(20.0), bent(80.0)]), bent(0.0))
    knee = Rotation.from_matrix(estimate.local_rotations[0, 4])
    assert knee.as_euler('xyz', True) == pytest.approx([50.0, 0.0, 0.0], abs=1e-9)
    assert np.linalg.det(estimate.local_rotations) == pytest.approx(1.0)


def test_nearest_neighbour_finds_a_frame_it_has_seen():
    seen = walk(1)
    estimator = NearestNeighbour([walk(2), seen], stride=1)
    assert len(estimator) == 100
    estimate = run(estimator, placed(seen, 1.0, (3.0, 3.0)))
    assert geodesic_angle(
        estimate.local_rotations[:, 1:], seen.poses.local_rotations[:, 1:]).max() < 1e-6


def test_nearest_neighbour_database_is_strided_and_capped():
    assert len(NearestNeighbour([walk(1), walk(2)], stride=5)) == 20
    assert len(NearestNeighbour([walk(1), walk(2)], stride=5, max_frames=7)) == 7


@pytest.mark.parametrize('index', range(3))
def test_frames_at_once_and_parallel_streams_equal_frame_by_frame(index):
    motions = [walk(3), walk(4)]
    trackers = [tracked_joints(motion) for motion in motions]
    together = estimators(streams=2)[index].step(
        *(np.stack(values) for values in zip(*trackers, strict=True)))
    for stream, motion in enumerate(motions):
        alone = run(estimators()[index], motion)
        assert np.abs(
            together.poses.local_rotations[stream] - alone.local_rotations).max() < 1e-9
    assert together.confidence.shape == (2, 50, 2)


def test_reset_of_one_stream_forgets_only_its_past():
    frames = tracked_joints(walk(5))
    estimator = NearestNeighbour([walk(1), walk(2)], streams=2, stride=1)
    both = [np.stack((values, values)) for values in frames]
    estimator.step(both[0][:, :30], both[1][:, :30])
    estimator.reset(1)
    after = estimator.step(both[0][:, 40:41], both[1][:, 40:41])
    fresh = NearestNeighbour([walk(1), walk(2)], stride=1).step(
        frames[0][None, 40:41], frames[1][None, 40:41])
    jumped = after.poses.local_rotations[0] - fresh.poses.local_rotations[0]
    assert np.abs(after.poses.local_rotations[1] - fresh.poses.local_rotations[0]).max() < 1e-9
    assert np.abs(jumped).max() > 1e-3
