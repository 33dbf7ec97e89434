# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A recording in overlapping windows: what streaming gives, without seams."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_mage import TINY, write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.estimation.window_overlap import WindowError, WindowOverlap
from motion_avatar_ros.networks.mage import VARIANTS
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS
from motion_avatar_ros.training.metrics import clip_metrics

HANDS = ('head', 'left_hand', 'right_hand')


@pytest.fixture(scope='module', params=VARIANTS)
def folder(tmp_path_factory, request):
    return write_random_mage(
        tmp_path_factory.mktemp('model') / 'tiny_mage', steps=3,
        config=replace(TINY, variant=request.param))


@pytest.fixture(scope='module')
def motion():
    return builtin_motion('mix', 60.0).poses[:400]


def trackers(motion, frames):
    rotations, positions = motion[:frames].global_joints()
    joints = [TRACKER_JOINTS[name] for name in HANDS]
    return rotations[None][:, :, joints], positions[None][:, :, joints]


def estimators(folder, windows):
    streaming, offline = (
        PoseEstimator.load(folder, 'cpu', available=HANDS) for _ in range(2))
    offline.use_windows(windows)
    return streaming, offline


@pytest.mark.parametrize('frames', [1, 7, 64, 65, 97, 200])
def test_windows_with_enough_past_give_what_streaming_gives(folder, motion, frames):
    # Three blocks see 3 x 8 frames back; the first half of the overlap has no say.
    streaming, offline = estimators(folder, WindowOverlap(120, 60))
    given = trackers(motion, frames)
    expected, estimated = streaming.step(*given), offline.step(*given)
    np.testing.assert_allclose(
        estimated.poses.local_rotations, expected.poses.local_rotations, atol=1e-4)
    np.testing.assert_allclose(estimated.confidence, expected.confidence, atol=1e-4)


def test_short_windows_fade_into_each_other_without_a_jump(folder, motion):
    streaming, offline = estimators(folder, WindowOverlap(16, 8))
    given = trackers(motion, 200)
    steps = [
        geodesic_angle(rotations[1:], rotations[:-1]).max() for rotations in (
            estimator.step(*given).poses.local_rotations[0] for estimator in (
                streaming, offline))]
    assert steps[1] < 1.5 * steps[0] + 0.02


def test_a_second_recording_does_not_remember_the_first(folder, motion):
    _, offline = estimators(folder, WindowOverlap(32, 16))
    given = trackers(motion, 90)
    first = offline.step(*given).poses.local_rotations
    offline.step(*trackers(motion[200:], 90))
    offline.reset()
    np.testing.assert_array_equal(offline.step(*given).poses.local_rotations, first)


def test_windows_cover_every_frame_and_share_at_least_the_overlap():
    windows = WindowOverlap(120, 60)
    for frames in (1, 119, 120, 121, 180, 181, 1000):
        starts = windows.starts(frames)
        assert starts[0] == 0 and starts[-1] == max(0, frames - 120)
        assert all(0 < step <= 60 for step in np.diff(starts))


@pytest.mark.parametrize(('frames', 'overlap'), [(120, 61), (120, 1), (120, 0), (2, 2)])
def test_an_overlap_that_leaves_no_step_or_no_fade_is_refused(frames, overlap):
    with pytest.raises(WindowError, match='allowed: an overlap'):
        WindowOverlap(frames, overlap)


def test_windows_shorter_than_the_band_and_models_without_windows_are_refused(
    folder, tmp_path
):
    with pytest.raises(WindowError, match='windows of 7 frames.*band of 8'):
        PoseEstimator.load(folder, 'cpu').use_windows(WindowOverlap(7, 3))
    with pytest.raises(WindowError, match="'tiny' is for live streams only"):
        PoseEstimator.load(
            write_random_baseline(tmp_path / 'tiny'), 'cpu').use_windows(WindowOverlap())


def test_the_newest_frame_moves_as_truly_as_one_in_the_middle_of_a_window(motion):
    """
    The newest frame of a stream has no frames after it to steady it.

    Its velocity error is set beside that of the same frames when they lie in the middle half of
    the windows of a recording that is at hand as a whole.
    """
    streaming, offline = estimators('mage', WindowOverlap(120, 60))
    given = trackers(motion, 400)
    newest = [
        streaming.step(given[0][:, t:t + 1], given[1][:, t:t + 1]).poses[0, 0]
        for t in range(400)]
    middle = offline.step(*given).poses[0]
    true = motion[:400].global_joints()[1]
    velocity_errors = []
    for joints in (np.stack([pose.global_joints()[1] for pose in newest]),
                   middle.global_joints()[1]):
        errors = np.linalg.norm(np.diff(joints - true, axis=0), axis=-1).mean(axis=-1)
        velocity_errors.append(errors[60:340].mean())
    assert velocity_errors[0] <= 1.2 * velocity_errors[1]
    assert clip_metrics(middle, motion[:400], 60.0).mpjpe_cm < 6.5
