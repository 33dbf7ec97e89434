# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MAGE live: any set of trackers, dropouts, deterministic, and errors that name what is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator, TrackerSetError
from motion_avatar_ros.estimation.random_mage import TINY, write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.networks.mage import VARIANTS
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

FRAMES = 60
SETS = [('head',), TRACKER_NAMES, (*TRACKER_NAMES, 'pelvis'),
        (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)]


@pytest.fixture(scope='module', params=VARIANTS)
def folder(tmp_path_factory, request):
    return write_random_mage(
        tmp_path_factory.mktemp('model') / 'tiny_mage',
        config=replace(TINY, variant=request.param))


@pytest.fixture(scope='module')
def motion():
    return builtin_motion('walk', 60.0).poses[:FRAMES].global_joints()


def trackers(motion, estimator):
    joints = [TRACKER_JOINTS[name] for name in estimator.tracker_names]
    return motion[0][None][:, :, joints].copy(), motion[1][None][:, :, joints].copy()


def run(estimator, rotations, positions):
    return np.concatenate([
        estimator.step(rotations[:, t:t + 1], positions[:, t:t + 1]).poses.local_rotations
        for t in range(FRAMES)], axis=1)[0]


@pytest.mark.parametrize('names', SETS)
def test_frame_by_frame_equals_the_whole_clip_with_every_set(folder, motion, names):
    estimator = PoseEstimator.load(folder, 'cpu', available=names)
    assert set(estimator.tracker_names) == set(names)
    given = trackers(motion, estimator)
    whole = estimator.step(*given).poses.local_rotations[0]
    estimator.reset()
    np.testing.assert_allclose(run(estimator, *given), whole, atol=1e-5)


def test_same_input_gives_the_same_poses_after_a_reset_and_in_another_load(folder, motion):
    first, second = (PoseEstimator.load(folder, 'cpu', available=TRACKER_NAMES) for _ in range(2))
    given = trackers(motion, first)
    before = run(first, *given)
    first.reset()
    np.testing.assert_array_equal(run(first, *given), before)
    np.testing.assert_array_equal(run(second, *given), before)


def test_absent_tracker_is_the_same_as_one_that_is_not_worn(folder, motion):
    worn = PoseEstimator.load(folder, 'cpu')
    bare = PoseEstimator.load(folder, 'cpu', available=TRACKER_NAMES)
    rotations, positions = trackers(motion, worn)
    rotations[:, :, 3:], positions[:, :, 3:] = np.nan, np.nan
    np.testing.assert_allclose(
        run(worn, rotations, positions), run(bare, *trackers(motion, bare)), atol=1e-5)


def test_hand_that_drops_out_and_returns_leaves_finite_poses_without_a_jump(folder, motion):
    estimator = PoseEstimator.load(
        folder, 'cpu', available=TRACKER_NAMES, is_anchored=False)
    rotations, positions = trackers(motion, estimator)
    rotations[:, 20:40, 1], positions[:, 20:40, 1] = np.nan, np.nan
    poses = run(estimator, rotations, positions)
    assert np.isfinite(poses).all()
    steps = np.degrees(geodesic_angle(poses[1:], poses[:-1]))
    assert steps.max() < 30.0


def test_one_stream_that_is_reset_leaves_the_others_alone(folder, motion):
    estimator = PoseEstimator.load(folder, 'cpu', streams=2, available=TRACKER_NAMES)
    rotations, positions = (np.repeat(each, 2, axis=0) for each in trackers(motion, estimator))
    for t in range(30):
        estimator.step(rotations[:, t:t + 1], positions[:, t:t + 1])
    estimator.reset(1)
    late = estimator.step(rotations[:, 30:31], positions[:, 30:31]).poses.local_rotations
    alone = PoseEstimator.load(folder, 'cpu', available=TRACKER_NAMES)
    fresh = alone.step(rotations[:1, 30:31], positions[:1, 30:31]).poses.local_rotations
    np.testing.assert_allclose(late[1], fresh[0], atol=1e-5)
    assert np.abs(late[0] - late[1]).max() > 3e-5  # it still remembers


def test_model_that_needs_a_tracker_says_which(tmp_path):
    model = write_random_baseline(tmp_path / 'needy')
    with pytest.raises(TrackerSetError, match="'needy' needs the trackers right_hand too"):
        PoseEstimator.load(model, 'cpu', available=('head', 'left_hand'))


@pytest.mark.parametrize(('change', 'words'), [
    ({'network': {'fusion': 'c'}}, "fusion 'c' is unknown"),
    ({'network': {'preset': 'huge'}}, 'preset'),
    ({'sampler': {'steps': 0, 'seed': 1}}, 'allowed are 1 to 1000'),
    ({'sampler': None}, 'config.yaml'),
    ({'network': {'width': 64, 'heads': 2, 'band': 8, 'blocks': [1, 1, 1]}}, 'weights do not fit'),
])
def test_folder_that_is_wrong_is_refused_with_a_line(tmp_path, change, words):
    folder = write_random_mage(tmp_path / 'model')
    config = yaml.safe_load((folder / 'config.yaml').read_text())
    (folder / 'config.yaml').write_text(yaml.safe_dump({**config, **change}))
    with pytest.raises(ModelFolderError, match=words) as refusal:
        PoseEstimator.load(folder, 'cpu')
    assert '\n' not in str(refusal.value)
