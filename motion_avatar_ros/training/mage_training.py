# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What the training loop needs to know about MAGE.

A step trains the sampler's way down: a pass from pure noise, then one at a lower level of noise,
which begins from the pose that the first pass gave (detached) or, in some windows, from the true
one. A denoiser that has only seen noised truth trusts its input too much at inference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import rotation_6d_from_matrix
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.diffusion.ddim import trailing_timesteps
from motion_avatar_ros.diffusion.noise_schedule import add_noise, cosine_alpha_bars
from motion_avatar_ros.estimation.mage_sampler import MageSampler
from motion_avatar_ros.networks.body_parts import part_poses, pooling_matrix
from motion_avatar_ros.networks.mage import MageConfig, MageNetwork, MageOutput, MagePose
from motion_avatar_ros.trackers.observation import (
    OPTIONAL_TRACKER_NAMES, TRACKER_NAMES, SparseObservation, observe,
)
from motion_avatar_ros.training.configuration import (
    TrainingConfig, from_mapping, require_full_band,
)
from motion_avatar_ros.training.heading_frame import root_in_heading_frame, root_in_world
from motion_avatar_ros.training.losses import PoseLossWeights, pose_losses, weighted_sum
from motion_avatar_ros.training.mean_figures import MeanFigures
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
        require_full_band(config.data, self._network_config.band)
        self._names = ALL_TRACKERS[:self._network_config.trackers]

    def load_data(self, data: Path, splits: dict[str, list[Path]]) -> None:
        """Load the clips of the splits 'train' and 'val', named relative to `data`."""
        self._train, self._validation = training_windows(
            data, splits, self._config, self._names)
        self.train_frames = self._train.frames

    def build_network(self, device: torch.device) -> MageNetwork:
        """Return a network with the training data's statistics in its buffers."""
        network = MageNetwork(self._network_config).to(device)
        # A loss that is captured in a CUDA graph copies nothing to the device.
        steps = self._network_config.training_steps
        self._alpha_bars = cosine_alpha_bars(steps).to(device)
        self._lower_timesteps = torch.tensor(trailing_timesteps(4, steps)[1:], device=device)
        self._pooling = {
            parts: pooling_matrix(parts).to(device) for parts in self._network_config.stages[:-1]}
        rng = np.random.default_rng(self._config.seed)
        features: list[Tensor] = []
        motions: dict[int, list[Tensor]] = {stage: [] for stage in self._network_config.stages}
        for _ in range(_STATISTICS_BATCHES):
            batch = self._train.draw(self._config.optimisation.batch, rng, device)
            observation = observe(batch.tracker_rotations, batch.tracker_positions)
            features.append(observation.features.flatten(-2).flatten(0, 1))
            for stage, motion in self._true_motions(batch, observation).items():
                motions[stage].append(motion.flatten(0, 1))
        network.feature_mean.copy_(torch.cat(features).mean(0))
        network.feature_std.copy_(torch.cat(features).std(0).clamp_min(1e-3))
        self._statistics = []
        for phase, stages in enumerate(self._network_config.phases):
            mean, std = network.motion_statistics(phase)
            mean.copy_(torch.cat(motions[stages[-1]]).mean(0))
            std.copy_(torch.cat(motions[stages[-1]]).std(0).clamp_min(0.02))
            self._statistics.append((mean.clone(), std.clone()))
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
        motions = self._true_motions(windows, observation)
        terms: dict[str, Tensor] = {}
        given: Tensor | None = None
        for phase, stages in enumerate(self._network_config.phases):
            passes = self._passes(network, phase, observation, motions[stages[-1]], given)
            output = _stacked(passes)
            terms.update(self._part_terms(output.parts, motions))
            if output.pose is not None:
                terms.update(self._pose_terms(output.pose, windows, observation)[0])
            else:
                # As after one step of the sampler, or after several.
                is_first = torch.rand_like(motions[stages[-1]][:, :1, :1, None]) < 0.5
                first, second = output.parts[stages[-1]].detach()
                given = torch.where(is_first, first, second)
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: MageNetwork, device: torch.device) -> dict[str, float]:
        """Return figures on the split 'val'; the loop keeps the weights with the least 'score'."""
        rng = np.random.default_rng(0)
        figures = MeanFigures()
        sampler = MageSampler(network, _SAMPLER_STEPS, self._config.seed, device)
        present = torch.tensor([name in TRACKER_NAMES for name in self._names])
        for _ in range(_VALIDATION_WINDOWS // 32):
            windows = self._validation.draw(32, rng, device)
            shape = windows.tracker_positions.shape[:3]
            observation = _observed(windows, present.to(device).expand(shape))
            pose, parts, _ = sampler.sample(
                observation.features, sampler.initial_states(shape[0]))
            terms, distances = self._pose_terms(pose, windows, observation)
            terms.update(self._part_terms(parts, self._true_motions(windows, observation)))
            figures.add(terms, 'val_')
            figures.add({'score': 100.0 * float(distances.mean())})
        means = figures.means()
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

    def _passes(
        self, network: torch.nn.Module, phase: int, observation: SparseObservation,
        motion: Tensor, given: Tensor | None,
    ) -> list[MageOutput]:
        """Run the two passes of a phase, whose true motion (B, T, size) is given."""
        features = observation.features
        count, frames, size = motion.shape
        noise = torch.randn(count, 1, size, device=motion.device)
        last = self._network_config.training_steps - 1
        times = torch.full((count,), last, device=motion.device)
        first, _ = network(
            features, noise.expand(-1, frames, -1), times, phase=phase, given=given)
        times = self._lower_timesteps[
            torch.randint(len(self._lower_timesteps), (count,), device=motion.device)]
        is_truth = torch.rand(count, 1, 1, device=motion.device) < _TRUTH_SHARE
        mean, std = self._statistics[phase]
        start = torch.where(is_truth, (motion - mean) / std, first.x0.detach())
        second, _ = network(
            features, add_noise(start, noise, self._alpha_bars[times]), times, phase=phase,
            given=given)
        return [first, second]

    def _true_motions(
        self, windows: WindowBatch, observation: SparseObservation
    ) -> dict[int, Tensor]:
        """Return what each stage should recover, (B, T, size) by its parts."""
        motions = {
            parts: part_poses(
                windows.global_rotations, windows.joint_positions, observation.headings,
                pooling).flatten(-2)
            for parts, pooling in self._pooling.items()}
        return {**motions, JOINT_COUNT: _pose_6d(windows, observation)}

    def _part_terms(
        self, parts: Mapping[int, Tensor], motions: Mapping[int, Tensor]
    ) -> dict[str, Tensor]:
        return {
            f'parts_{stage}': (recovered.flatten(-2) - motions[stage]).abs().mean()
            for stage, recovered in parts.items()}

    def _pose_terms(
        self, pose: MagePose, windows: WindowBatch, observation: SparseObservation
    ) -> tuple[dict[str, Tensor], Tensor]:
        rotations = root_in_world(pose.local_rotations.float(), observation.headings)
        return pose_losses(rotations, pose.log_error.float(), windows)


def _stacked(outputs: Sequence[MageOutput]) -> MageOutput:
    """Put the outputs of passes beside each other: (passes, B, T, ...)."""
    poses = [output.pose for output in outputs if output.pose is not None]
    return MageOutput(
        torch.stack([output.x0 for output in outputs]),
        {parts: torch.stack([output.parts[parts] for output in outputs])
         for parts in outputs[0].parts},
        MagePose(
            torch.stack([pose.local_rotations for pose in poses]),
            torch.stack([pose.log_error for pose in poses])) if poses else None)


def _observed(windows: WindowBatch, present: Tensor) -> SparseObservation:
    """Observe, the absent trackers being NaN."""
    absent = ~present[..., None]
    return observe(
        windows.tracker_rotations.masked_fill(absent[..., None], torch.nan),
        windows.tracker_positions.masked_fill(absent, torch.nan))


def _pose_6d(windows: WindowBatch, observation: SparseObservation) -> Tensor:
    """Return the true poses (B, T, 132), the root's relative to the head-heading frame."""
    relative = root_in_heading_frame(windows.local_rotations, observation.headings)
    return rotation_6d_from_matrix(relative).flatten(-2)
