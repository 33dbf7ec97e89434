# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Runs an exported estimator, frame by frame. Needs numpy and onnxruntime, no torch.

A file of `export --format onnx` maps the observation of a frame and what the frames before left
to the pose and what it leaves: inputs `past.X` are fed with the outputs `next.X` of the call
before. Each of them begins with zeros and has its streams first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

PAST, NEXT = 'past.', 'next.'
FEATURES, ROTATIONS, LOG_ERROR = 'features', 'local_rotations', 'log_error'
_TYPES = {'tensor(float)': np.float32, 'tensor(int64)': np.int64}


class OnnxRunner:
    """An exported estimator and the state of its S streams."""

    def __init__(self, model: Path | bytes, threads: int = 1) -> None:
        """
        Load.

        Args:
            model: an ONNX file, or its content.
            threads: of the CPU.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A thread that waits for the next frame by spinning takes a core from the other nodes.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model), options,
            providers=['CPUExecutionProvider'])
        inputs = self._session.get_inputs()
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.streams, self.trackers = next(
            each.shape[:2] for each in inputs if each.name == FEATURES)
        self._past = [each for each in inputs if each.name.startswith(PAST)]
        self._outputs = [ROTATIONS, LOG_ERROR, *(
            NEXT + each.name.removeprefix(PAST) for each in self._past)]
        self.reset()

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        if stream is None:
            self._feeds = {
                each.name: np.zeros(each.shape, _TYPES[each.type]) for each in self._past}
            return
        for name, value in self._feeds.items():
            value = self._feeds[name] = value.copy()
            value[stream] = 0

    def step(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Estimate the next frame.

        Args:
            features: (S, N, 18), see `trackers.observation`; NaN where a tracker is absent.

        Returns:
            Local rotations (S, 22, 3, 3), the root's relative to the head's heading, and the
            natural logarithm (S, 2) of the mean joint error [m] that is expected of upper and
            lower body.
        """
        self._feeds[FEATURES] = np.ascontiguousarray(features, dtype=np.float32)
        rotations, log_error, *after = self._session.run(self._outputs, self._feeds)
        self._feeds = {each.name: value for each, value in zip(self._past, after, strict=True)}
        return rotations, log_error
