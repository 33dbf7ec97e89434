# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What all stages of SAGE's training draw from, and the statistics that they share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import rotation_6d_from_matrix
from motion_avatar_ros.trackers.observation import observe
from motion_avatar_ros.training.configuration import TrainingConfig
from motion_avatar_ros.training.heading_frame import root_in_heading_frame
from motion_avatar_ros.training.motion_windows import WindowBatch, training_windows

_STATISTICS_BATCHES = 40


@dataclass(frozen=True)
class Statistics:
    """Means and standard deviations of the features (54,) and of the pose (132,)."""

    feature_mean: Tensor
    feature_std: Tensor
    pose_mean: Tensor
    pose_std: Tensor


@dataclass(frozen=True)
class ObservedWindows:
    """
    Windows as a network sees them, without the first frame, whose differences are not known.

    Attributes:
        features: (B, T, trackers, 18).
        headings: (B, T) [rad].
        pose_6d: (B, T, 22, 6) the truth, the root's relative to the head's heading.
        windows: T frames of the batch.
    """

    features: Tensor
    headings: Tensor
    pose_6d: Tensor
    windows: WindowBatch


class SageData:
    """Training and validation windows of any length."""

    def __init__(
        self, data: Path, splits: dict[str, list[Path]], config: TrainingConfig
    ) -> None:
        """Load the clips of the splits 'train' and 'val', named relative to `data`."""
        self._train, self._validation = training_windows(data, splits, config)
        self._seed = config.seed
        self._statistics: dict[torch.device, Statistics] = {}

    def draw(
        self, split: str, windows: int, frames: int, rng: np.random.Generator,
        device: torch.device,
    ) -> WindowBatch:
        """Draw windows of `frames` frames and the one before them."""
        source = self._train if split == 'train' else self._validation
        return source.of_length(frames + 1).draw(windows, rng, device)

    def statistics(self, device: torch.device) -> Statistics:
        """Return the training data's; the same in every stage of a run."""
        if device not in self._statistics:
            self._statistics[device] = self._measured(device)
        return self._statistics[device]

    def _measured(self, device: torch.device) -> Statistics:
        rng = np.random.default_rng(self._seed)
        features, poses = [], []
        for _ in range(_STATISTICS_BATCHES):
            seen = observed(self.draw('train', 64, 20, rng, device))
            features.append(seen.features.flatten(-2).flatten(0, 1))
            poses.append(seen.pose_6d.flatten(-2).flatten(0, 1))
        every, pose = torch.cat(features), torch.cat(poses)
        return Statistics(
            every.mean(0), every.std(0).clamp_min(1e-3), pose.mean(0),
            pose.std(0).clamp_min(0.02))


def observed(batch: WindowBatch) -> ObservedWindows:
    """Observe windows (B, T + 1, ...)."""
    observation = observe(batch.tracker_rotations, batch.tracker_positions)
    headings = observation.headings[:, 1:]
    kept = batch.frames(slice(1, None))
    pose = root_in_heading_frame(kept.local_rotations, headings)
    return ObservedWindows(
        observation.features[:, 1:], headings, rotation_6d_from_matrix(pose), kept)
