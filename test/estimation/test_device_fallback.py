# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Hazards of a GPU: its errors and its memory, at the start and in the middle.

There is no GPU here: the device that fails is the CPU's estimator called 'cuda', with what torch
raises planted into its network's step.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from motion_avatar_ros.estimation.device_fallback import DeviceFallback, is_device_error
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_model import write_random_baseline

ROTATIONS = np.broadcast_to(np.eye(3), (1, 1, 3, 3, 3))
POSITIONS = np.full((1, 1, 3, 3), 1.4)
ERRORS = (
    torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB'),
    torch.AcceleratorError('CUDA error: device-side assert triggered'),
    RuntimeError('cuDNN error: CUDNN_STATUS_EXECUTION_FAILED'),
    RuntimeError('CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`'),
)


class Loader:
    """Loads a model as if there were a GPU."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.devices: list[str] = []
        self.error: Exception | None = None     # of the next step on the GPU

    def __call__(self, device: str) -> PoseEstimator:
        self.devices.append(device)
        estimator = PoseEstimator.load(self.folder, 'cpu')
        if device == 'cuda':
            estimator.device = 'cuda'
            step = estimator._stream.step

            def failing(features):
                if self.error is not None:
                    raise self.error
                return step(features)

            estimator._stream.step = failing
        return estimator


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_random_baseline(tmp_path_factory.mktemp('models') / 'baseline')


@pytest.fixture
def loader(folder):
    return Loader(folder)


@pytest.mark.parametrize('error', ERRORS, ids=lambda error: type(error).__name__)
def test_a_gpu_that_fails_while_running_goes_on_on_the_cpu_and_says_so_once(loader, error):
    model = DeviceFallback(loader, 'cuda')
    model.step(ROTATIONS, POSITIONS)
    assert model.problem is None
    loader.error = error
    poses = model.step(ROTATIONS, POSITIONS).poses
    assert loader.devices == ['cuda', 'cpu']
    assert model.estimator.device == 'cpu'
    assert type(error).__name__ in model.problem and '\n' not in model.problem
    alone = PoseEstimator.load(loader.folder, 'cpu').step(ROTATIONS, POSITIONS).poses
    assert np.abs(poses.local_rotations - alone.local_rotations).max() < 1e-5
    before = model.problem
    model.reset()
    model.step(ROTATIONS, POSITIONS)
    assert loader.devices == ['cuda', 'cpu'] and model.problem == before


def test_a_gpu_without_memory_at_the_start_is_not_the_end(loader):
    loader.error = ERRORS[0]
    model = DeviceFallback(loader, 'cuda')
    assert model.estimator.device == 'cpu' and 'OutOfMemoryError' in model.problem
    model.step(ROTATIONS, POSITIONS)


def test_without_leave_the_error_is_raised_and_nothing_is_loaded(loader):
    model = DeviceFallback(loader, 'cuda', is_allowed=False)
    loader.error = ERRORS[0]
    with pytest.raises(torch.OutOfMemoryError):
        model.step(ROTATIONS, POSITIONS)
    assert loader.devices == ['cuda'] and model.problem is None


def test_what_is_no_error_of_the_device_is_raised_as_it_is(loader):
    model = DeviceFallback(loader, 'cuda')
    loader.error = RuntimeError('shape [3] is invalid')
    with pytest.raises(RuntimeError, match='shape'):
        model.step(ROTATIONS, POSITIONS)
    assert not is_device_error(ValueError('CUDA'))


def test_a_cpu_without_memory_does_not_load_itself_again(loader):
    model = DeviceFallback(loader, 'cpu')
    model.estimator._stream.step = raising_out_of_memory
    with pytest.raises(torch.OutOfMemoryError):
        model.step(ROTATIONS, POSITIONS)
    assert loader.devices == ['cpu']


def raising_out_of_memory(features):
    raise ERRORS[0]
