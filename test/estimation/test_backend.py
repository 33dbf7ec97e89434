# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What computes a network: the choice, what is missing, and what is asked for wrongly."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation import backend as backend_module
from motion_avatar_ros.estimation.backend import BackendError, checked_backend, missing_packages
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_model import write_random_baseline

ROTATIONS = np.broadcast_to(np.eye(3), (1, 1, 3, 3, 3))
POSITIONS = np.full((1, 1, 3, 3), 1.4)
needs_onnx = pytest.mark.skipif(bool(missing_packages()), reason='no ONNX Runtime here')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_random_baseline(tmp_path_factory.mktemp('models') / 'tiny')


@pytest.mark.parametrize('backend', ['auto', 'onnx'])
def test_without_onnxruntime_torch_computes_and_says_so_in_a_line(folder, monkeypatch, backend):
    monkeypatch.setattr(
        backend_module, 'find_spec', lambda name: None if name == 'onnxruntime' else object())
    estimator = PoseEstimator.load(folder, 'cpu', backend=backend)
    assert estimator.backend == 'torch'
    assert 'onnxruntime not installed (pip install onnxruntime' in estimator.backend_problem
    assert '\n' not in estimator.backend_problem
    estimator.step(ROTATIONS, POSITIONS)


def test_an_onnxruntime_that_cannot_be_imported_is_as_none(folder, monkeypatch):
    monkeypatch.setattr(backend_module, 'find_spec', lambda name: object())
    monkeypatch.setitem(sys.modules, 'motion_avatar_ros.estimation.onnx_export', None)
    estimator = PoseEstimator.load(folder, 'cpu', backend='auto')
    assert estimator.backend == 'torch' and 'more slowly' in estimator.backend_problem
    estimator.step(ROTATIONS, POSITIONS)


@needs_onnx
def test_auto_takes_onnx_on_a_cpu_and_has_no_problem(folder):
    estimator = PoseEstimator.load(folder, 'cpu', backend='auto')
    assert (estimator.backend, estimator.backend_problem) == ('onnx', None)
    estimator.warm_up()


def test_torch_is_what_it_was_and_has_no_problem(folder):
    estimator = PoseEstimator.load(folder, 'cpu', backend='torch')
    assert (estimator.backend, estimator.backend_problem) == ('torch', None)


@pytest.mark.parametrize('backend', ['auto', 'onnx', 'torch'])
def test_weights_that_give_no_rotations_are_refused_all_the_same(folder, tmp_path, backend):
    from safetensors.torch import load_file, save_file

    broken = tmp_path / 'broken'
    broken.mkdir()
    (broken / 'config.yaml').write_text((folder / 'config.yaml').read_text())
    weights = load_file(folder / 'weights.safetensors')
    weights['to_body.2.weight'] = weights['to_body.2.weight'] * 0.0
    weights['to_body.2.bias'] = weights['to_body.2.bias'] * 0.0
    weights['mean_pose_6d'] = weights['mean_pose_6d'] * 0.0
    save_file(weights, broken / 'weights.safetensors')
    with pytest.raises(ModelFolderError, match='give no rotations'):
        PoseEstimator.load(broken, 'cpu', backend=backend).warm_up()


def test_a_backend_that_is_unknown_is_refused_with_those_that_are_known(folder):
    with pytest.raises(BackendError, match="'tensorrt' is unknown; allowed: auto, torch, onnx"):
        PoseEstimator.load(folder, 'cpu', backend='tensorrt')


def test_onnx_leaves_a_gpu_alone():
    assert checked_backend('onnx', 'auto') == 'cpu'
    assert checked_backend('auto', 'auto') == 'auto'
    with pytest.raises(BackendError, match="device is 'cuda'; allowed there: auto, torch"):
        checked_backend('onnx', 'cuda')
