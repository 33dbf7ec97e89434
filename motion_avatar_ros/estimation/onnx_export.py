# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
An estimator's frame as an ONNX file that is known to give what torch gives.

The graph is written node by node, not traced: that takes a hundredth of the time of
`torch.onnx.export`, needs no exporter, and computes once what the sampler's timesteps decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.baseline_stream import BaselineStream
from motion_avatar_ros.estimation.mage_stream import MageStream
from motion_avatar_ros.estimation.onnx_baseline import baseline_graph
from motion_avatar_ros.estimation.onnx_graph import OnnxGraph
from motion_avatar_ros.estimation.onnx_mage import mage_graph
from motion_avatar_ros.estimation.onnx_runner import OnnxRunner
from motion_avatar_ros.estimation.onnx_sage import sage_graph
from motion_avatar_ros.estimation.sage_stream import SageStream
from motion_avatar_ros.trackers.observation import FEATURES_PER_TRACKER

#: Largest difference of a rotation matrix's entry, and of the logarithm of an expected error.
TOLERANCE = 1e-4
#: Frames of a check of all of the state: more than a band or a window.
WHOLE_CHECK = 100


class ExportError(MotionAvatarError):
    """A graph that does not give what torch gives."""

    def __init__(self, model: str, problem: str):
        super().__init__(f"model '{model}' as ONNX: {problem}")


def exported(
    stream: Any, config: dict[str, Any], name: str, streams: int,
    check_frames: int = WHOLE_CHECK,
) -> tuple[bytes, float]:
    """
    Write a model's frame as an ONNX file.

    Args:
        stream: the model on S streams on the CPU; it forgets its past.
        config: of its folder.
        name: of the model.
        streams: S.
        check_frames: on how many frames it is compared with torch.

    Returns:
        The file, and how far it is from torch: the larger of the differences that `TOLERANCE`
        is about.

    Raises:
        ExportError: it is not what torch gives.
    """
    content = _graph(stream, name, streams).model(
        f"Whole body of a frame from its trackers, model '{name}'", {
            'model': name, 'weights_sha256': stream.weights_sha256,
            'rate_hz': str(config['rate_hz']), 'trackers': ' '.join(config['trackers'])})
    difference = _difference(stream, OnnxRunner(content), check_frames)
    if not difference <= TOLERANCE:
        raise ExportError(
            name, f'differs from torch by {difference:.1e}; allowed: {TOLERANCE:.0e}')
    return content, difference


def _graph(stream: Any, name: str, streams: int) -> OnnxGraph:
    if isinstance(stream, BaselineStream):
        return baseline_graph(stream.network, streams)
    if isinstance(stream, MageStream):
        return mage_graph(stream.network, stream.sampler, streams)
    if isinstance(stream, SageStream):
        return sage_graph(stream.network, stream.sampler, streams)
    raise ExportError(name, f'no graph of {type(stream).__name__}; allowed: a model on torch')


def _difference(stream: Any, runner: OnnxRunner, frames: int) -> float:
    """Return the largest difference over frames of features that wander, some absent."""
    random = np.random.default_rng(0)
    shape = frames, runner.streams, runner.trackers, FEATURES_PER_TRACKER
    features = 0.5 * random.normal(size=shape[1:]) + 0.05 * np.cumsum(
        random.normal(size=shape), axis=0)
    if isinstance(stream, MageStream):
        features[frames // 3:2 * frames // 3, :, 1:] = np.nan
    largest = 0.0
    stream.reset()
    for frame in features:
        rotations, error_m = stream.step(frame[:, None])
        own_rotations, own_log_error = runner.step(frame)
        largest = max(
            largest, np.abs(rotations[:, 0] - own_rotations).max(),
            np.abs(np.log(error_m[:, 0]) - own_log_error).max())
    stream.reset()
    return float(largest)
