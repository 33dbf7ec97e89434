# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
An estimator that goes on, on the CPU, when its GPU fails or is out of memory.

What a GPU reports may be of an earlier kernel, and after most errors nothing more can be asked
of it in this process; so the model is loaded anew, from its folder. Its first step after that
takes as long as loading, and has no past.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch

from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

_CPU = 'cpu'
_Result = TypeVar('_Result')
_RUNTIME_SIGNS = ('CUDA', 'cuDNN', 'CUBLAS', 'CUFFT', 'HIP')


def is_device_error(error: Exception) -> bool:
    """Say whether an exception is of a GPU, or of its memory."""
    if isinstance(error, (torch.OutOfMemoryError, torch.AcceleratorError)):
        return True
    return isinstance(error, RuntimeError) and any(
        sign in str(error) for sign in _RUNTIME_SIGNS)


class DeviceFallback:
    """One model, on the device that was asked for or else on the CPU; warmed up."""

    def __init__(
        self, load: Callable[[str], PoseEstimator], device: str, is_allowed: bool = True,
    ) -> None:
        """
        Load and warm up.

        Args:
            load: makes the estimator for 'auto', 'cpu' or 'cuda'.
            device: which of them.
            is_allowed: without it errors of the device are raised, as all others are.

        Raises:
            MotionAvatarError: the model cannot be used here.
        """
        self._load = load
        self._is_allowed = is_allowed
        #: Why it is on the CPU though it was not to be, in one line; None if it is not.
        self.problem: str | None = None
        try:
            self.estimator = load(device)
            self.estimator.warm_up()
        except Exception as error:
            if device == _CPU or not is_allowed or not is_device_error(error):
                raise
            self._fall_back(device, error)
        self.name = self.estimator.name
        self.rate_hz = self.estimator.rate_hz
        self.tracker_names = self.estimator.tracker_names
        self.streams = self.estimator.streams

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._tried(lambda: self.estimator.reset(stream))

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        """Estimate the next frames, as `PoseEstimator.step` does."""
        return self._tried(lambda: self.estimator.step(rotations, positions))

    def _tried(self, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except Exception as error:
            if (self.estimator.device == _CPU or not self._is_allowed
                    or not is_device_error(error)):
                raise
            self._fall_back(self.estimator.device, error)
        return call()

    def _fall_back(self, device: str, error: Exception) -> None:
        what = ' '.join(str(error).split())[:200]
        self.estimator = self._load(_CPU)
        self.estimator.warm_up()
        self.problem = (
            f"device '{device}' failed ({type(error).__name__}: {what}): the model goes on on "
            'the CPU, more slowly')
