# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What the training loop needs to know about MAGE.

A step trains the sampler's way down: a pass from pure noise, then one at a lower level of noise,
which begins from the pose that the first pass gave (detached) or, in some windows, from the true
one. A denoiser that has only seen noised truth trusts its input too much at inference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import (
    rotation_6d_from_matrix, rotation_about_z, transpose,
)
from motion_avatar_ros.diffusion.ddim import trailing_timesteps
from motion_avatar_ros.diffusion.noise_schedule import add_noise, cosine_alpha_bars
from motion_avatar_ros.networks.body_parts import part_poses, pooling_matrix
from motion_avatar_ros.networks.mage import POSE_SIZE, MageConfig, MageNetwork, MageOutput
from motion_avatar_ros.trackers.observation import (
    OPTIONAL_TRACKER_NAMES, TRACKER_NAMES, SparseObservation, observe,
)
from motion_avatar_ros.training.configuration import TrainingConfig, from_mapping
from motion_avatar_ros.training.losses import PoseLossWeights, pose_losses
from motion_avatar_ros.training.motion_windows import WindowBatch, training_windows
from motion_avatar_ros.training.tracker_presence import PresenceConfig, draw_presence

ALL_TRACKERS = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)
_STATISTICS_BATCHES = 60
_VALIDATION_WINDOWS = 256
_SAMPLER_STEPS = 1
_TRUTH_SHARE = 0.25  # of the windows whose second pass begins from the true pose


@dataclass(frozen=True)
class MageLossWeights(PoseLossWeights):
    """The terms of the last phase, and one for each phase before it."""

    parts_6: float = 2.0        # Position and rotation of the parts, L1.
    parts_11: float = 2.0


@dataclass(frozen=True)
class MageBatch:
    """Windows, and which trackers are there in them: (B, T, N) bool."""

    windows: WindowBatch
    present: Tensor

class MageTraining:
    """MAGE's network, loss and validation."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._network_config = from_mapping(MageConfig, config.network, 'network')
        self._weights = from_mapping(MageLossWeights, config.loss, 'loss')
        self._names = ALL_TRACKERS[:self._network_config.trackers]

    def load_data(self, data: Path, splits: dict[str, list[Path]]) -> None:
        """Load the clips of the splits 'train' and 'val', named relative to `data`."""
        self._train, self._validation = training_windows(
            data, splits, self._config, self._names)
        self.train_frames = self._train.frames

    def build_network(self, device: torch.device) -> MageNetwork:
        """Return a network with the training data's statistics in its buffers."""
        network = MageNetwork(self._network_config).to(device)
        rng = np.random.default_rng(self._config.seed)
        features, poses = [], []
        for _ in range(_STATISTICS_BATCHES):
            batch = self._train.draw(self._config.optimisation.batch, rng, device)
            observation = observe(batch.tracker_rotations, batch.tracker_positions)
            features.append(observation.features.flatten(-2).flatten(0, 1))
            poses.append(_pose_6d(batch, observation).flatten(0, 1))
        network.feature_mean.copy_(torch.cat(features).mean(0))
        network.feature_std.copy_(torch.cat(features).std(0).clamp_min(1e-3))
        network.pose_mean.copy_(torch.cat(poses).mean(0))
        network.pose_std.copy_(torch.cat(poses).std(0).clamp_min(0.02))
        self._pose_statistics = network.pose_mean.clone(), network.pose_std.clone()
        # A loss that is captured in a CUDA graph copies nothing to the device.
        steps = self._network_config.training_steps
        self._alpha_bars = cosine_alpha_bars(steps).to(device)
        self._lower_timesteps = torch.tensor(trailing_timesteps(4, steps)[1:], device=device)
        self._pooling = {
            parts: pooling_matrix(parts).to(device) for parts in self._network_config.stages[:-1]}
        return network

    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> MageBatch:
        """Draw a training batch."""
        batch = self._train.draw(windows, rng, device)
        return MageBatch(batch, draw_presence(
            self._names, windows, batch.tracker_positions.shape[1], self._config.data.rate_hz,
            PresenceConfig(), rng).to(device))

    def loss(
        self, network: torch.nn.Module, batch: MageBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log, of both passes."""
        windows = batch.windows
        observation = _observed(windows, batch.present)
        count = len(batch.present)
        device = batch.present.device
        noise = torch.randn(count, 1, POSE_SIZE, device=device)
        last = self._network_config.training_steps - 1
        times = torch.full((count,), last, device=device)
        passes = [network(
            observation.features, noise.expand(-1, observation.features.shape[1], -1), times)]
        times = self._lower_timesteps[
            torch.randint(len(self._lower_timesteps), (count,), device=device)]
        start = passes[0][0].x0.detach()
        is_truth = torch.rand(count, device=device) < _TRUTH_SHARE
        mean, std = self._pose_statistics
        truth = (_pose_6d(windows, observation) - mean) / std
        start = torch.where(is_truth[:, None, None], truth, start)
        passes.append(network(
            observation.features, add_noise(start, noise, self._alpha_bars[times]), times))
        both = _stacked([output for output, _ in passes])
        terms, _ = self._terms(both, windows, observation)
        total = sum(getattr(self._weights, name) * value for name, value in terms.items())
        return total, {name: value.detach() for name, value in terms.items()}

    @torch.inference_mode()
    def validate(self, network: torch.nn.Module, device: torch.device) -> dict[str, float]:
        """Return figures on the split 'val'; the loop keeps the weights with the least 'score'."""
        rng = np.random.default_rng(0)
        figures: dict[str, list[float]] = {}
        present = torch.tensor([name in TRACKER_NAMES for name in self._names])
        for _ in range(_VALIDATION_WINDOWS // 32):
            windows = self._validation.draw(32, rng, device)
            shape = windows.tracker_positions.shape[:3]
            observation = _observed(windows, present.to(device).expand(shape))
            output = self._sample(network, observation)
            terms, distances = self._terms(output, windows, observation)
            for name, value in terms.items():
                figures.setdefault(f'val_{name}', []).append(float(value))
            figures.setdefault('score', []).append(100.0 * float(distances.mean()))
        means = {name: float(np.mean(values)) for name, values in figures.items()}
        return {**means, 'val_mpjpe_cm': means['score']}

    def model_config(self) -> dict:
        """Return what the estimator must know, for the model folder's config.yaml."""
        return {
            'architecture': 'mage',
            'rate_hz': self._config.data.rate_hz,
            'trackers': list(self._names),
            'required_trackers': ['head'],
            'sampler': {'steps': _SAMPLER_STEPS, 'seed': self._config.seed},
            'network': dict(self._config.network),
        }

    def _sample(self, network: torch.nn.Module, observation: SparseObservation) -> MageOutput:
        features = observation.features
        random = torch.Generator().manual_seed(self._config.seed)
        noise = torch.randn(1, 1, POSE_SIZE, generator=random).to(features.device)
        steps = trailing_timesteps(_SAMPLER_STEPS, self._network_config.training_steps)
        noisy = noise.expand(*features.shape[:2], -1)
        for number, timestep in enumerate(steps):
            times = torch.full((len(features),), timestep, device=features.device)
            output, _ = network(features, noisy, times)
            if number + 1 < len(steps):
                noisy = add_noise(output.x0, noise, self._alpha_bars[steps[number + 1]])
        return output

    def _terms(
        self, output: MageOutput, windows: WindowBatch, observation: SparseObservation
    ) -> tuple[dict[str, Tensor], Tensor]:
        rotations = output.local_rotations.float()
        root = rotation_about_z(observation.headings) @ rotations[..., 0, :, :]
        rotations = torch.cat((root[..., None, :, :], rotations[..., 1:, :, :]), dim=-3)
        terms, distances = pose_losses(rotations, output.log_error.float(), windows)
        for parts, recovered in output.parts.items():
            truth = part_poses(
                windows.global_rotations, windows.joint_positions, observation.headings,
                self._pooling[parts])
            terms[f'parts_{parts}'] = (recovered - truth).abs().mean()
        return terms, distances


def _stacked(outputs: list[MageOutput]) -> MageOutput:
    """Put the outputs of passes beside each other: (passes, B, T, ...)."""
    return MageOutput(
        torch.stack([output.x0 for output in outputs]),
        torch.stack([output.local_rotations for output in outputs]),
        {parts: torch.stack([output.parts[parts] for output in outputs])
         for parts in outputs[0].parts},
        torch.stack([output.log_error for output in outputs]))


def _observed(windows: WindowBatch, present: Tensor) -> SparseObservation:
    """Observe, the absent trackers being NaN."""
    absent = ~present[..., None]
    return observe(
        windows.tracker_rotations.masked_fill(absent[..., None], torch.nan),
        windows.tracker_positions.masked_fill(absent, torch.nan))


def _pose_6d(windows: WindowBatch, observation: SparseObservation) -> Tensor:
    """Return the true poses (B, T, 132), the root's relative to the head-heading frame."""
    to_heading = transpose(rotation_about_z(observation.headings))
    root = to_heading @ windows.local_rotations[..., 0, :, :]
    relative = torch.cat(
        (root[..., None, :, :], windows.local_rotations[..., 1:, :, :]), dim=-3)
    return rotation_6d_from_matrix(relative).flatten(-2)
