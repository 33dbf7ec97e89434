# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from swaying_motion import swaying_motion

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, rotation_about_z
from motion_avatar_ros.body.skeleton import HEAD
from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses, placed_under_head
from motion_avatar_ros.estimation.one_euro_estimator import OneEuroEstimator, PoseSmoothing
from motion_avatar_ros.training.metrics import clip_metrics

FRAMES = 240
TRUTH = swaying_motion(3, FRAMES).poses
HEADS_M = TRUTH.global_joints()[1][:, HEAD]


class Playback:
    """Gives prepared poses whatever the trackers are; a reset starts them again."""

    name, rate_hz, tracker_names = 'playback', 60.0, ('head',)

    def __init__(self, *streams: BodyPose) -> None:
        self._poses, self.streams = streams, len(streams)
        self.reset()

    def reset(self, stream: int | None = None) -> None:
        if stream is None:
            self._next = [0] * self.streams
        else:
            self._next[stream] = 0

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        frames = rotations.shape[1]
        given = [poses[start:start + frames]
                 for poses, start in zip(self._poses, self._next, strict=True)]
        self._next = [start + frames for start in self._next]
        return EstimatedPoses(
            BodyPose(np.stack([one.local_rotations for one in given]),
                     np.stack([one.root_position for one in given])),
            np.full((self.streams, frames, 2), 0.25))


def trembling(seed: int = 0, degrees: float = 1.0, truth: BodyPose = TRUTH) -> BodyPose:
    noise = np.random.default_rng(seed).normal(0.0, np.radians(degrees), (FRAMES, 22, 3))
    shake = Rotation.from_rotvec(noise.reshape(-1, 3)).as_matrix().reshape(FRAMES, 22, 3, 3)
    return placed_under_head(
        truth.local_rotations @ shake, truth.global_joints()[1][:, HEAD])


def played(estimator, frames: int = FRAMES, at_once: int = 1) -> EstimatedPoses:
    """Run all streams, `at_once` frames a step."""
    trackers = np.zeros((estimator.streams, at_once, 1, 3, 3)), np.zeros(
        (estimator.streams, at_once, 1, 3))
    steps = [estimator.step(*trackers) for _ in range(frames // at_once)]
    return EstimatedPoses(
        BodyPose(*(np.concatenate([getattr(step.poses, name) for step in steps], axis=1)
                   for name in ('local_rotations', 'root_position'))),
        np.concatenate([step.confidence for step in steps], axis=1))


def filtered(poses: BodyPose, smoothing: PoseSmoothing = PoseSmoothing()) -> BodyPose:
    return played(OneEuroEstimator(Playback(poses), smoothing)).poses[0]


def test_planted_jitter_is_damped_at_little_cost_in_place():
    calm = swaying_motion(3, FRAMES, rate_hz=480.0).poses  # an eighth of its speed at 60 Hz
    raw = clip_metrics(trembling(truth=calm), calm, 60.0)
    smooth = clip_metrics(filtered(trembling(truth=calm)), calm, 60.0)
    assert smooth.jitter_1e2_m_s3 < 0.5 * raw.jitter_1e2_m_s3
    assert smooth.mpjpe_cm < raw.mpjpe_cm


def test_stronger_filter_trembles_less_and_lags_more():
    scores = [clip_metrics(filtered(TRUTH, PoseSmoothing(cutoff_hz, 0.0)), TRUTH, 60.0)
              for cutoff_hz in (20.0, 6.0, 2.0)]
    lags = [score.lag_ms for score in scores]
    assert lags == sorted(lags) and lags[0] > 2.0 and lags[2] > 40.0
    jitters = [clip_metrics(
        filtered(trembling(), PoseSmoothing(cutoff_hz, 0.0)), TRUTH, 60.0).jitter_1e2_m_s3
        for cutoff_hz in (20.0, 6.0, 2.0)]
    assert jitters == sorted(jitters, reverse=True)


def test_beta_lets_fast_motion_pass():
    slow = clip_metrics(filtered(TRUTH, PoseSmoothing(1.0, 0.0)), TRUTH, 60.0)
    quick = clip_metrics(filtered(TRUTH, PoseSmoothing(1.0, 20.0)), TRUTH, 60.0)
    assert quick.lag_ms < 0.3 * slow.lag_ms


def test_head_stays_where_the_estimator_put_it():
    _, joints = filtered(trembling(), PoseSmoothing(0.5, 0.0)).global_joints()
    assert np.abs(joints[:, HEAD] - HEADS_M).max() < 1e-9


def test_rotations_go_along_the_arc_across_pi():
    # A pelvis that turns on through 180 degrees: filtered components would spin back through 0.
    angles = np.radians(np.linspace(120.0, 240.0, FRAMES))
    rotations = TRUTH.local_rotations.copy()
    rotations[:, 0] = rotation_about_z(angles)
    turning = placed_under_head(rotations, HEADS_M)
    smooth = filtered(turning, PoseSmoothing(5.0, 0.0)).local_rotations
    behind = geodesic_angle(smooth[:, 0], rotations[:, 0])
    # A steady turn is followed at the filter's delay: 1 / (2 pi 5 Hz) s, at 30 degrees a second.
    assert behind.max() < np.radians(2.0)
    assert np.abs(smooth @ smooth.swapaxes(-1, -2) - np.eye(3)).max() < 1e-9


def test_first_pose_and_the_one_after_a_reset_pass_unfiltered():
    estimator = OneEuroEstimator(Playback(trembling(0), trembling(1)), PoseSmoothing(1.0, 0.0))
    first = played(estimator, 60).poses
    assert np.allclose(first.local_rotations[:, 0], [
        trembling(seed).local_rotations[0] for seed in (0, 1)])
    estimator.reset(1)
    after = played(estimator, 1).poses.local_rotations[:, 0]
    assert np.allclose(after[1], trembling(1).local_rotations[0])
    going_on = filtered(trembling(0), PoseSmoothing(1.0, 0.0)).local_rotations[60]
    assert np.allclose(after[0], going_on)  # the other stream's past is untouched


def test_frames_at_once_equal_frames_one_by_one():
    one, many = (played(OneEuroEstimator(Playback(trembling()), PoseSmoothing()), at_once=count)
                 for count in (1, 8))
    assert np.allclose(one.poses.local_rotations, many.poses.local_rotations)
    assert np.allclose(one.poses.root_position, many.poses.root_position)


def test_confidence_and_interface_are_the_estimators_own():
    estimator = OneEuroEstimator(Playback(TRUTH), PoseSmoothing())
    assert (estimator.name, estimator.rate_hz, estimator.tracker_names, estimator.streams) == (
        'playback+one_euro', 60.0, ('head',), 1)
    assert played(estimator, 4).confidence == pytest.approx(0.25)
