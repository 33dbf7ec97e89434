# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the training loop needs to know about the baseline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import rotation_6d_from_matrix
from motion_avatar_ros.networks.baseline import BaselineConfig, BaselineNetwork
from motion_avatar_ros.trackers.observation import TRACKER_NAMES, observe
from motion_avatar_ros.training.configuration import (
    TrainingConfig, from_mapping, require_full_band,
)
from motion_avatar_ros.training.heading_frame import root_in_heading_frame, root_in_world
from motion_avatar_ros.training.losses import PoseLossWeights, pose_losses, weighted_sum
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.motion_windows import WindowBatch, training_windows

_STATISTICS_BATCHES = 60
_VALIDATION_WINDOWS = 256


class BaselineTraining:
    """The baseline's network, loss and validation."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._network_config = from_mapping(BaselineConfig, config.network, 'network')
        self._weights = from_mapping(PoseLossWeights, config.loss, 'loss')
        require_full_band(config.data, self._network_config.band)

    def load_data(self, data: Path, splits: dict[str, list[Path]]) -> None:
        """Load the clips of the splits 'train' and 'val', named relative to `data`."""
        self._train, self._validation = training_windows(data, splits, self._config)
        self.train_frames = self._train.frames

    def build_network(self, device: torch.device) -> BaselineNetwork:
        """Return a network with the training data's statistics in its buffers."""
        network = BaselineNetwork(self._network_config).to(device)
        rng = np.random.default_rng(self._config.seed)
        features, poses = [], []
        for _ in range(_STATISTICS_BATCHES):
            batch = self._train.draw(self._config.optimisation.batch, rng, device)
            observation = observe(batch.tracker_rotations, batch.tracker_positions)
            pose = root_in_heading_frame(batch.local_rotations, observation.headings)
            features.append(observation.features.flatten(-2).flatten(0, 1))
            poses.append(rotation_6d_from_matrix(pose).flatten(-2).flatten(0, 1))
        network.feature_mean.copy_(torch.cat(features).mean(0))
        network.feature_std.copy_(torch.cat(features).std(0).clamp_min(1e-3))
        network.mean_pose_6d.copy_(torch.cat(poses).mean(0))
        return network

    def draw(
        self, windows: int, rng: np.random.Generator, device: torch.device
    ) -> WindowBatch:
        """Draw a training batch."""
        return self._train.draw(windows, rng, device)

    def loss(
        self, network: torch.nn.Module, batch: WindowBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        losses, _ = self._losses(network, batch)
        return weighted_sum(losses, self._weights)

    @torch.inference_mode()
    def validate(self, network: torch.nn.Module, device: torch.device) -> dict[str, float]:
        """Return figures on the split 'val'; the loop keeps the weights with the least 'score'."""
        rng = np.random.default_rng(0)
        figures = MeanFigures()
        for _ in range(_VALIDATION_WINDOWS // 32):
            batch = self._validation.draw(32, rng, device)
            terms, distances = self._losses(network, batch)
            figures.add(terms, 'val_')
            figures.add({'score': 100.0 * float(distances.mean())})
        means = figures.means()
        return {**means, 'val_mpjpe_cm': means['score']}

    def model_config(self) -> dict:
        """Return what the estimator must know, for the model folder's config.yaml."""
        return {
            'architecture': 'baseline',
            'rate_hz': self._config.data.rate_hz,
            'trackers': list(TRACKER_NAMES),
            'network': dict(self._config.network),
        }

    def _losses(
        self, network: torch.nn.Module, batch: WindowBatch
    ) -> tuple[dict[str, Tensor], Tensor]:
        observation = observe(batch.tracker_rotations, batch.tracker_positions)
        output, _ = network(observation.features)
        rotations = root_in_world(output.local_rotations.float(), observation.headings)
        return pose_losses(rotations, output.log_error.float(), batch)
