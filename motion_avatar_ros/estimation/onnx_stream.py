# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An exported network on live streams: features in, local rotations and expected errors out."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.onnx_runner import OnnxRunner


class OnnxStream:
    """What `PoseEstimator` runs in place of torch."""

    def __init__(self, content: bytes, threads: int) -> None:
        """Load an ONNX file's content."""
        self._runner = OnnxRunner(content, threads)
        self.trackers = self._runner.trackers
        self.weights_sha256 = self._runner.metadata['weights_sha256']

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._runner.reset(stream)

    def step(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Estimate the next T frames, one after the other.

        Args:
            features: (S, T, N, 18), NaN where a tracker is absent.

        Returns:
            Local rotations (S, T, 22, 3, 3), the root's relative to the head's heading, and
            the mean joint error (S, T, 2) [m] that it expects, of upper and lower body.
        """
        streams, frames = features.shape[:2]
        rotations = np.empty((streams, frames, JOINT_COUNT, 3, 3))
        log_error = np.empty((streams, frames, 2))
        for frame in range(frames):
            rotations[:, frame], log_error[:, frame] = self._runner.step(features[:, frame])
        return rotations, np.exp(log_error)
