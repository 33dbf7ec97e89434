# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
SAGE's last stages: the decoder, everything together, and the refiner.

All of them are scored on what a stream would see: the newest poses of windows that move on by
a frame, not the frames of one window.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.rotations import matrix_from_6d
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.estimation.sage_sampler import SageSampler
from motion_avatar_ros.networks.sage import SageNetwork
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.training.heading_frame import root_in_world
from motion_avatar_ros.training.losses import PoseLossWeights, pose_losses, weighted_sum
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.motion_windows import WindowBatch
from motion_avatar_ros.training.sage_data import SageData, observed

#: What each stage trains, of the network.
TRAINED = {
    'decoder': ('decoder',),
    'joint': ('denoisers', 'decoder'),
    'refiner': ('refiner', 'to_residual'),
}
#: What the refiner is to leave as it is: of the truth it would learn by heart what is wrong
#: with training poses, and move those of other people by it.
_LEFT_ALONE = ('rotation', 'root_rotation', 'position', 'hand_position')
_VALIDATION_WINDOWS = 32
_VALIDATION_FRAMES = 60


@dataclass(frozen=True)
class SagePoseLossWeights(PoseLossWeights):
    """Weights of the terms; of the refiner, `jitter` too."""

    jitter: float = 0.0     # Third difference of joints under the head [m], mean length.


class SagePoseTraining:
    """The network, loss and validation of a stage in TRAINED."""

    def __init__(
        self, data: SageData, sampler: SageSampler, network: SageNetwork,
        weights: SagePoseLossWeights, stage: str, frames: int, rate_hz: float,
        sampler_config: dict[str, int],
    ) -> None:
        """
        Prepare.

        Args:
            data: what is drawn from.
            sampler: of the network.
            network: with what the stages before have learnt.
            weights: of the losses.
            stage: one of TRAINED.
            frames: consecutive poses of a training window.
            rate_hz: of the data.
            sampler_config: its steps and seed, for the model folder.
        """
        self._data = data
        self._sampler = sampler
        self._whole = network
        self._weights = weights
        self._stage = stage
        self._frames = frames
        self._rate_hz = rate_hz
        self._sampler_config = sampler_config

    def build_network(self, device: torch.device) -> SageNetwork:
        """Return the network, all of it at rest but what the stage trains."""
        network = self._whole.to(device).requires_grad_(False)
        if self._stage == 'decoder':
            statistics = self._data.statistics(device)
            network.mean_pose_6d.copy_(statistics.pose_mean)
        for name in TRAINED[self._stage]:
            getattr(network, name).requires_grad_(True)
        return network

    def draw(
        self, windows: int, rng: np.random.Generator, device: torch.device
    ) -> WindowBatch:
        """Draw a training batch."""
        return self._data.draw(
            'train', windows, self._whole.config.window + self._frames - 1, rng, device)

    def loss(
        self, network: torch.nn.Module, batch: WindowBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        terms, _ = self._terms(network, batch)
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: SageNetwork, device: torch.device) -> dict[str, float]:
        """Return figures on the split 'val'; the loop keeps the weights with the least 'score'."""
        rng = np.random.default_rng(0)
        figures = MeanFigures()
        frames = network.config.window + _VALIDATION_FRAMES - 1
        for _ in range(_VALIDATION_WINDOWS // 16):
            batch = self._data.draw('val', 16, frames, rng, device)
            terms, distances = self._terms(network, batch)
            figures.add(terms, 'val_')
            figures.add({'val_mpjpe_cm': 100.0 * float(distances.mean())})
        means = figures.means()
        # The refiner is there for smoothness: what it minimises is what it is chosen by.
        score = means['val_mpjpe_cm'] if self._stage != 'refiner' else sum(
            weight * means.get(f'val_{name}', 0.0)
            for name, weight in asdict(self._weights).items())
        return {**means, 'score': score}

    def model_config(self) -> dict:
        """Return what the estimator must know, for the model folder's config.yaml."""
        return {
            'architecture': 'sage',
            'rate_hz': self._rate_hz,
            'trackers': list(TRACKER_NAMES),
            'sampler': dict(self._sampler_config),
            'network': asdict(self._whole.config),
        }

    def _terms(
        self, network: torch.nn.Module, batch: WindowBatch
    ) -> tuple[dict[str, Tensor], Tensor]:
        seen = observed(batch)
        window = self._whole.config.window
        features = self._whole.scored(seen.features)
        windows = features.unfold(1, window, 1).transpose(-1, -2)  # (B, frames, window, ...)
        with torch.set_grad_enabled(torch.is_grad_enabled() and self._stage != 'refiner'):
            pose, log_error = self._sampler.newest_poses(network, windows.flatten(0, 1))
        pose, log_error = (each.unflatten(0, windows.shape[:2]) for each in (pose, log_error))
        last = slice(window - 1, None)
        headings, newest = seen.headings[:, last], seen.windows.frames(last)
        if self._stage != 'refiner':
            return pose_losses(_in_world(pose, headings), log_error.float(), newest)
        state = self._whole.initial_refiner_state(len(pose))
        refined, _ = network('refiner', pose, state)
        rotations = _in_world(refined, headings)
        terms, distances = pose_losses(rotations, log_error.float(), newest)
        unrefined, _ = pose_losses(
            rotations, log_error.float(), _posed(newest, _in_world(pose, headings)))
        del terms['error']
        terms |= {name: unrefined[name] for name in _LEFT_ALONE}
        terms['jitter'] = _jitter(rotations, newest.offsets)
        return terms, distances


def _in_world(pose_6d: Tensor, headings: Tensor) -> Tensor:
    """Return rotations (B, F, 22, 3, 3) of poses (B, F, 132) relative to headings (B, F)."""
    rotations = matrix_from_6d(pose_6d.float().unflatten(-1, (JOINT_COUNT, 6)))
    return root_in_world(rotations, headings)


def _posed(batch: WindowBatch, local_rotations: Tensor) -> WindowBatch:
    """Return a batch in other poses, its pelvis at the origin."""
    origin = torch.zeros_like(local_rotations[..., 0, :, 0])
    world, joints = forward_kinematics(local_rotations, origin, batch.offsets)
    return replace(
        batch, local_rotations=local_rotations, global_rotations=world, joint_positions=joints)


def _jitter(rotations: Tensor, offsets: Tensor) -> Tensor:
    """Return the mean length of the third difference of joints under the root [m]."""
    origin = torch.zeros_like(rotations[..., 0, :, 0])
    _, joints = forward_kinematics(rotations, origin, offsets)
    third = joints[:, 3:] - 3.0 * joints[:, 2:-1] + 3.0 * joints[:, 1:-2] - joints[:, :-3]
    return (third.square().sum(dim=-1) + 1e-10).sqrt().mean()
