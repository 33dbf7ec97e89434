# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The runner of exported estimators: without torch, with static shapes, from bytes or a file."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_sage import write_random_sage

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

WITHOUT_TORCH = """
import sys
for name in ('torch', 'onnx', 'safetensors', 'motion_avatar_ros.networks'):
    sys.modules[name] = None    # importing it raises
import numpy as np
from motion_avatar_ros.estimation.onnx_runner import OnnxRunner
from motion_avatar_ros.trackers.observation_stream import ObservationStream
runner = OnnxRunner(sys.argv[1])
observations = ObservationStream(runner.streams, runner.trackers)
rotations = np.broadcast_to(np.eye(3), (1, 1, 3, 3, 3))
for height in (1.4, 1.5, 1.6):
    seen = observations.observe(rotations, np.full((1, 1, 3, 3), height))
    pose, log_error = runner.step(seen.features[:, 0])
np.save(sys.argv[2], pose)
"""


@pytest.fixture(scope='module')
def estimator(tmp_path_factory):
    return PoseEstimator.load(
        write_random_sage(tmp_path_factory.mktemp('models') / 'tiny'), 'cpu', is_anchored=False)


@pytest.fixture(scope='module')
def content(estimator):
    return estimator.exported()[0]


@pytest.fixture
def runner(content):
    from motion_avatar_ros.estimation.onnx_runner import OnnxRunner

    return OnnxRunner(content)


def test_a_file_runs_where_torch_cannot_be_imported(estimator, content, tmp_path):
    file, result = tmp_path / 'tiny.onnx', tmp_path / 'pose.npy'
    file.write_bytes(content)
    subprocess.run([sys.executable, '-c', WITHOUT_TORCH, file, result], check=True)
    estimator.reset()
    rotations = np.broadcast_to(np.eye(3), (1, 1, 3, 3, 3))
    for height in (1.4, 1.5, 1.6):
        poses = estimator.step(rotations, np.full((1, 1, 3, 3), height)).poses
    np.testing.assert_allclose(
        np.load(result)[:, 1:], poses.local_rotations[:, 0, 1:], atol=1e-4)


def test_a_file_says_what_it_is_of(estimator, runner):
    assert runner.metadata == {
        'model': 'tiny', 'weights_sha256': estimator.weights_sha256, 'rate_hz': '60.0',
        'trackers': 'head left_hand right_hand'}
    assert (runner.streams, runner.trackers) == (1, 3)


def test_after_a_reset_the_past_has_no_influence(runner):
    frames = np.random.default_rng(0).normal(size=(12, 1, 3, 18))
    fresh = [runner.step(frame)[0] for frame in frames]
    late = [runner.step(frame)[0] for frame in frames]
    assert np.abs(fresh[0] - late[0]).max() > 1e-6
    for stream in (None, 0):
        runner.reset(stream)
        np.testing.assert_array_equal([runner.step(frame)[0] for frame in frames], fresh)


def test_a_pose_that_was_given_is_not_overwritten_by_the_next(runner):
    frames = np.random.default_rng(1).normal(size=(2, 1, 3, 18))
    first = runner.step(frames[0])[0]
    kept = first.copy()
    runner.step(frames[1])
    np.testing.assert_array_equal(first, kept)
