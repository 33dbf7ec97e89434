# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_mage import write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.estimation.trivial_estimators import rest_pose, tracked_joints
from motion_avatar_ros.training.evaluation import evaluate
from motion_avatar_ros.training.online_evaluation import estimate_clips

CLIPS = [swaying_motion(seed, frames) for seed, frames in enumerate((37, 90, 5, 61, 62, 8, 20))]


@pytest.fixture(scope='module')
def model_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('random_baseline')
    write_random_baseline(folder, seed=3)
    return folder


def by_clip(estimator, motions=CLIPS):
    results = {result.clip: result for result in estimate_clips(estimator, motions)}
    assert sorted(results) == list(range(len(motions)))
    return results


def test_parallel_streams_equal_one_stream_at_a_time(model_folder):
    alone = by_clip(PoseEstimator.load(model_folder, device='cpu', streams=1))
    together = by_clip(PoseEstimator.load(model_folder, device='cpu', streams=3))
    for clip, result in alone.items():
        other = together[clip]
        assert np.abs(
            result.poses.local_rotations - other.poses.local_rotations).max() < 1e-5
        assert np.abs(result.poses.root_position - other.poses.root_position).max() < 1e-5
        assert np.abs(result.confidence - other.confidence).max() < 1e-5


def test_frames_fed_one_by_one_equal_the_whole_clip_at_once(model_folder):
    # Also that the differences between frames reach the model.
    estimator = PoseEstimator.load(model_folder, device='cpu', streams=1)
    one_by_one = by_clip(estimator, [CLIPS[1]])[0].poses
    estimator.reset()
    at_once = estimator.step(*(values[None] for values in tracked_joints(CLIPS[1]))).poses
    difference = one_by_one.local_rotations - at_once.local_rotations[0]
    assert np.abs(difference).max() < 1e-5


@pytest.mark.parametrize('write_model', [write_random_baseline, write_random_mage])
def test_several_frames_a_step_equal_one_frame_a_step(write_model, tmp_path):
    # Clip lengths are no multiples of the step: what is past a clip's end must not show.
    estimator = PoseEstimator.load(write_model(tmp_path / 'tiny', seed=3), 'cpu', streams=3)
    frames = []
    one, many = (
        {result.clip: result for result in estimate_clips(
            estimator, CLIPS, frames.append, frames_per_step=count)} for count in (1, 7))
    assert sum(frames) == 2 * sum(len(clip) for clip in CLIPS)
    for clip, result in one.items():
        for name in ('local_rotations', 'root_position'):
            difference = getattr(result.poses, name) - getattr(many[clip].poses, name)
            assert np.abs(difference).max() < 1e-5
        assert np.abs(result.confidence - many[clip].confidence).max() < 1e-5


def test_result_does_not_depend_on_the_clips_before_it(model_folder):
    estimator = PoseEstimator.load(model_folder, device='cpu', streams=1)
    all_clips = by_clip(estimator)
    for clip in (0, 2):
        fresh = by_clip(PoseEstimator.load(model_folder, device='cpu', streams=1), [CLIPS[clip]])
        difference = (
            all_clips[clip].poses.local_rotations - fresh[0].poses.local_rotations)
        assert np.abs(difference).max() < 1e-5


def test_estimate_of_a_frame_does_not_see_the_next(model_folder):
    clip = CLIPS[1]
    cut = Motion(clip.poses[:40], clip.rate_hz)
    estimator = PoseEstimator.load(model_folder, device='cpu', streams=1)
    whole = by_clip(estimator, [clip])[0].poses.local_rotations[:40]
    start = by_clip(estimator, [cut])[0].poses.local_rotations
    assert np.abs(whole - start).max() < 1e-5


class Recorder:
    """Answers with the trackers' own frame number, hidden in the head's height."""

    name = 'recorder'
    rate_hz = 60.0
    tracker_names = ('head', 'left_hand', 'right_hand')

    def __init__(self, streams: int, poison: float = 0.0) -> None:
        self.streams = streams
        self.resets: list[int | None] = []
        self.steps = 0
        self._poison = poison

    def reset(self, stream: int | None = None) -> None:
        self.resets.append(stream)

    def step(self, rotations, positions):
        assert rotations.shape == (self.streams, 1, 3, 3, 3)
        self.steps += 1
        poses = np.broadcast_to(np.eye(3), (self.streams, 1, 22, 3, 3)).copy()
        return EstimatedPoses(
            BodyPose(poses, positions[:, :, 0] + self._poison),
            np.ones((self.streams, 1, 2)))


@pytest.mark.parametrize('streams', [1, 3, 16])
def test_each_clip_gets_its_own_frames_in_order(streams):
    estimator = Recorder(streams)
    counted = []
    for result in estimate_clips(estimator, CLIPS, counted.append):
        truth = CLIPS[result.clip].poses
        assert np.array_equal(result.poses.root_position, truth.global_joints()[1][:, 15])
        assert np.array_equal(result.truth.root_position, truth.root_position)
    assert sum(counted) == sum(map(len, CLIPS))
    assert estimator.resets.count(None) == 1
    assert len(estimator.resets) == 1 + len(CLIPS)
    if streams == 3:
        assert estimator.steps <= sum(map(len, CLIPS)) / 3 * 1.1


def test_clip_at_another_rate_is_resampled_to_the_estimators():
    result = by_clip(Recorder(1), [swaying_motion(0, 25, rate_hz=24.0)])[0]
    assert len(result.poses.root_position) == 61


def test_estimate_that_is_not_finite_is_refused_with_its_clip():
    with pytest.raises(MotionAvatarError, match='clip 0.*frame 0'):
        by_clip(Recorder(1, poison=np.nan), CLIPS[:1])


def test_scores_are_in_the_order_of_the_clips():
    scores = evaluate(rest_pose(streams=3), CLIPS)
    assert [clip.frames for clip in scores.clips] == [len(clip) - 1 for clip in CLIPS]
    assert scores.settled_clips == (None,) * len(CLIPS)
    assert scores.means()['after_2_s'].mpjpe_cm is None
    assert scores.means()['mean_over_clips'].mpjpe_cm == pytest.approx(
        np.mean([clip.mpjpe_cm for clip in scores.clips]))


def test_start_of_a_clip_is_left_out_of_its_settled_score():
    clip = swaying_motion(9, 150)
    scores = evaluate(rest_pose(), [clip])
    assert scores.settled_clips[0].frames == 30 and scores.settled_count == 1
    assert scores.settled_clips[0].mpjpe_cm != scores.clips[0].mpjpe_cm
