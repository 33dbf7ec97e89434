# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A live estimator runs for hours: nothing that it keeps may grow."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
import torch

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.estimation.ahead_estimator import AheadEstimator
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_mage import write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS

FRAMES = 200


def kept_bytes() -> tuple[int, int]:
    """Return what Python holds, and what tensors hold."""
    gc.collect()
    tensors = sum(
        thing.untyped_storage().nbytes() for thing in gc.get_objects()
        if issubclass(type(thing), torch.Tensor))
    return tracemalloc.get_traced_memory()[0], tensors


@pytest.mark.parametrize('write', [write_random_baseline, write_random_mage])
def test_memory_does_not_grow_while_streaming(tmp_path, write):
    model = PoseEstimator.load(write(tmp_path / 'tiny'), 'cpu')
    estimator = AheadEstimator(model, 0.03)
    rotations, positions = builtin_motion('mix', 60.0).poses[:FRAMES].global_joints()
    joints = [TRACKER_JOINTS[name] for name in model.tracker_names]
    rotations, positions = rotations[None][:, :, joints], positions[None][:, :, joints]
    if len(joints) > 3:
        positions[:, 100:140, 1:] = np.nan  # dropouts keep states of their own
        rotations[:, 100:140, 1:] = np.nan

    def stream() -> None:
        for frame in range(FRAMES):
            estimator.step(
                rotations[:, frame:frame + 1], positions[:, frame:frame + 1])

    stream()
    tracemalloc.start()
    try:
        stream()
        before = kept_bytes()
        stream()
        after = kept_bytes()
    finally:
        tracemalloc.stop()
    assert after[0] - before[0] < 50_000  # free lists fill up; one pose a frame were 300,000
    assert after[1] == before[1]
