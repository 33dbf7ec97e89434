# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Poses ahead of their trackers: closer to what comes, and never far off at stops and starts."""

from __future__ import annotations

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.ahead_estimator import AheadError, AheadEstimator
from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses
from motion_avatar_ros.training.future_truth import ahead_of
from motion_avatar_ros.training.metrics import clip_metrics

RATE_HZ = 60.0


class Given:
    """Answers what it is told to, whatever the trackers."""

    name, rate_hz, tracker_names = 'given', RATE_HZ, ('head', 'left_hand')

    def __init__(self, *poses: BodyPose) -> None:
        self.streams = len(poses)
        self._poses = poses
        self._frame = 0

    def reset(self, stream: int | None = None) -> None:
        pass

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        frames = rotations.shape[1]
        which = slice(self._frame, self._frame + frames)
        self._frame += frames
        return EstimatedPoses(
            BodyPose(np.stack([pose.local_rotations[which] for pose in self._poses]),
                     np.stack([pose.root_position[which] for pose in self._poses])),
            np.full((self.streams, frames, 2), 0.5))


def run(estimator: AheadEstimator, frames: int, is_there: np.ndarray | None = None) -> BodyPose:
    positions = np.zeros((estimator.streams, frames, len(estimator.tracker_names), 3))
    if is_there is not None:
        positions[:, ~is_there, -1] = np.nan
    return estimator.step(
        np.tile(np.eye(3), (*positions.shape[:3], 1, 1)), positions).poses


def moving(angles_rad: np.ndarray) -> BodyPose:
    """One joint that is at these angles, and a root that goes with them [m]."""
    vectors = np.zeros((len(angles_rad), JOINT_COUNT, 3))
    vectors[:, 16, 1] = angles_rad
    return BodyPose(
        matrix_from_axis_angle(vectors), angles_rad[:, None] * np.array([0.5, 0.0, 0.0]))


def test_it_is_closer_to_what_comes_than_the_pose_itself():
    motion = swaying_motion(1, 240).resampled(RATE_HZ).poses
    truth = ahead_of(motion, 0.05 * RATE_HZ)
    count = len(truth.root_position)
    predicted = run(AheadEstimator(Given(motion), 0.05), count)[0]
    ahead, behind = (
        clip_metrics(pose[:count], truth, RATE_HZ).mpjpe_cm for pose in (predicted, motion))
    assert ahead < 0.5 * behind


def test_steady_motion_is_met_but_for_the_fading():
    angles = np.arange(120) * 0.02
    predicted = run(AheadEstimator(Given(moving(angles)), 0.06), 120)[0]
    ahead_m = (predicted.root_position - moving(angles).root_position)[-1, 0]
    assert ahead_m == pytest.approx(0.06 * 0.02 * 60 * 0.5, rel=0.15)
    assert ahead_m < 0.06 * 0.02 * 60 * 0.5


def test_a_stop_is_overshot_by_no_more_than_was_looked_ahead_and_briefly():
    angles = np.minimum(np.arange(120) * 0.05, 3.0)  # stops at frame 60
    predicted = run(AheadEstimator(Given(moving(angles)), 0.06), 120)[0]
    over_m = np.abs(predicted.root_position - moving(angles).root_position)[60:, 0]
    assert over_m[0] <= 0.06 * 0.05 * 60 * 0.5
    assert (np.diff(over_m) <= 1e-12).all()
    assert over_m[10] < 0.05 * over_m[0]  # 0.17 s later


def test_noisy_speeds_beyond_human_ones_are_not_believed():
    angles = np.where(np.arange(60) < 30, 0.0, np.arange(60) * 3.0)  # 180 rad/s, 90 m/s
    poses = moving(angles)
    predicted = run(AheadEstimator(Given(poses), 0.06), 60)[0]
    assert geodesic_angle(predicted.local_rotations, poses.local_rotations).max() <= 20 * 0.06
    assert np.abs(predicted.root_position - poses.root_position).max() <= 4 * 0.06


@pytest.mark.parametrize('jump_rad', [0.5, 1.0, 3.0])
def test_a_jump_of_one_frame_counts_no_more_than_a_believed_speed_for_one_frame(jump_rad):
    poses = moving(np.where(np.arange(60) < 30, 0.0, jump_rad))
    predicted = run(AheadEstimator(Given(poses), 0.06), 60)[0]
    over = geodesic_angle(predicted.local_rotations, poses.local_rotations)[:, 16]
    assert 0.0 < over[30] < 20 / RATE_HZ  # of the 0.5, 1 and 3 rad
    assert over[40] < 0.05 * over[30]


@pytest.mark.parametrize('is_there', [np.arange(60) < 30, np.arange(60) >= 30])
def test_the_step_where_a_tracker_is_lost_or_returns_is_not_thrown_on(is_there):
    poses = moving(np.where(np.arange(60) < 30, 0.0, 0.3))
    predicted = run(AheadEstimator(Given(poses), 0.06), 60, is_there)[0]
    np.testing.assert_allclose(
        predicted.local_rotations, poses.local_rotations, atol=1e-12)
    np.testing.assert_allclose(predicted.root_position, poses.root_position, atol=1e-12)


def test_where_a_tracker_is_lost_what_moves_is_predicted_on_without_a_jump():
    poses = moving(np.arange(60) * 0.02)
    predicted = run(AheadEstimator(Given(poses), 0.06), 60, np.arange(60) < 30)[0]
    ahead_m = (predicted.root_position - poses.root_position)[:, 0]
    assert ahead_m[30] > 0.6 * ahead_m[29] > 0.0
    assert np.abs(np.diff(ahead_m)).max() <= ahead_m[29] * 0.35


def test_a_tracker_lost_in_one_stream_changes_nothing_in_another():
    poses = moving(np.where(np.arange(60) < 30, 0.0, 0.3))
    positions = np.zeros((2, 60, 2, 3))
    positions[1, 30:, 1] = np.nan
    both = AheadEstimator(Given(poses, poses), 0.06).step(
        np.tile(np.eye(3), (2, 60, 2, 1, 1)), positions).poses
    alone = run(AheadEstimator(Given(poses), 0.06), 60)
    np.testing.assert_array_equal(both.local_rotations[0], alone.local_rotations[0])
    np.testing.assert_allclose(both.local_rotations[1], poses.local_rotations, atol=1e-12)


def test_after_a_reset_nothing_is_predicted_from_before_and_the_way_ahead_grows_from_zero():
    there = moving(np.full(40, 2.0))
    here = moving(np.concatenate((np.arange(20) * 0.02, np.full(20, 2.0))))
    estimator = AheadEstimator(Given(here, here), 0.06)
    run(estimator, 20)
    estimator.reset(0)
    poses = run(estimator, 20)
    np.testing.assert_allclose(
        poses.root_position[0], there.root_position[20:], atol=1e-12)
    assert np.abs(poses.root_position[1, 0] - there.root_position[20]).max() > 0.01


def test_a_pose_that_was_not_finite_is_forgotten_by_a_reset():
    angles = np.full(10, 0.5)
    angles[4] = np.nan
    poses = moving(np.full(10, 0.5))
    poses.root_position[4] = np.nan
    estimator = AheadEstimator(Given(poses), 0.06)
    assert not np.isfinite(run(estimator, 5).root_position[0, 4]).all()
    estimator.reset()
    assert np.isfinite(run(estimator, 5).root_position).all()


def test_frames_at_once_and_one_by_one_give_the_same():
    motion = swaying_motion(2, 60).resampled(RATE_HZ).poses
    at_once = run(AheadEstimator(Given(motion), 0.045), 60).local_rotations[0]
    one_by_one = AheadEstimator(Given(motion), 0.045)
    np.testing.assert_array_equal(
        at_once, np.stack([run(one_by_one, 1).local_rotations[0, 0] for _ in range(60)]))


def test_no_time_ahead_is_the_pose_itself():
    motion = swaying_motion(3, 60).resampled(RATE_HZ).poses
    poses = run(AheadEstimator(Given(motion), 0.0), 60)
    np.testing.assert_allclose(poses.local_rotations[0], motion.local_rotations, atol=1e-12)


@pytest.mark.parametrize('ahead_s', [-0.001, 0.0601, float('nan'), 16.0])
def test_a_time_ahead_that_is_not_allowed_is_refused_with_what_is(ahead_s):
    with pytest.raises(AheadError, match='0 to 60 ms'):
        AheadEstimator(Given(moving(np.zeros(1))), ahead_s)
