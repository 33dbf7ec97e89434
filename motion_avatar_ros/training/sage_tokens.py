# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The first stages of SAGE: the tokenisers, of the upper and of the lower body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.rotations import matrix_from_6d
from motion_avatar_ros.body.skeleton import HEAD, JOINT_COUNT, LEFT_WRIST, RIGHT_WRIST
from motion_avatar_ros.networks.part_tokenizer import PART_JOINTS, PartTokenizer
from motion_avatar_ros.networks.sage import SageConfig
from motion_avatar_ros.training.losses import weighted_sum
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.motion_windows import WindowBatch
from motion_avatar_ros.training.sage_data import SageData, observed

_MASKED = 0.5  # share of joints whose motion is hidden, in half of the windows
_VALIDATION_WINDOWS = 256


@dataclass(frozen=True)
class TokenLossWeights:
    """
    Weights of the tokenisers' terms.

    SAGE's terms, but L1 and distances where it has smooth L1, which hardly tells errors of some
    centimetres from none.
    """

    part_root: float = 0.5          # 6D rotation of the root.
    part_rotation: float = 1.0      # Of the part's other joints.
    part_position: float = 5.0      # Joints of the part under the root [m].
    part_hands: float = 5.0         # Wrists from the head, of the upper body.
    quantisation: float = 0.25      # Codebooks and commitment.


class SageTokenTraining:
    """A tokeniser's network, loss and validation."""

    def __init__(
        self, data: SageData, config: SageConfig, weights: TokenLossWeights, part: str
    ) -> None:
        self._data = data
        self._config = config
        self._weights = weights
        self._part = part

    def build_network(self, device: torch.device) -> PartTokenizer:
        """Return a tokeniser with the training data's statistics in its buffers."""
        network = new_tokenizer(self._config, self._part).to(device)
        statistics = self._data.statistics(device)
        network.feature_mean.copy_(statistics.feature_mean)
        network.feature_std.copy_(statistics.feature_std)
        for buffer, values in (
                (network.motion_mean, statistics.pose_mean),
                (network.motion_std, statistics.pose_std)):
            buffer.copy_(part_of(values.unflatten(-1, (JOINT_COUNT, 6)), self._part).flatten())
        return network

    def draw(
        self, windows: int, rng: np.random.Generator, device: torch.device
    ) -> WindowBatch:
        """Draw a training batch."""
        return self._data.draw('train', windows, self._config.window, rng, device)

    def loss(
        self, network: torch.nn.Module, batch: WindowBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        terms, _ = self._terms(network, batch, _MASKED)
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: PartTokenizer, device: torch.device) -> dict[str, float]:
        """Return figures on the split 'val', and the codes that training windows use."""
        rng = np.random.default_rng(0)
        figures = MeanFigures()
        used = torch.zeros(self._config.groups, self._config.entries, dtype=torch.bool)
        for _ in range(_VALIDATION_WINDOWS // 32):
            batch = self._data.draw('val', 32, self._config.window, rng, device)
            terms, error_m = self._terms(network, batch, 0.0)
            figures.add(terms, 'val_')
            figures.add({'score': 100.0 * float(error_m)})
            seen = observed(self.draw(64, rng, device))
            codes = network.encode(
                seen.features.flatten(-2), part_of(seen.pose_6d, self._part)).codes.cpu()
            for group in range(self._config.groups):
                used[group, codes[..., group].flatten()] = True
        means = figures.means()
        shares = used.float().mean(-1)
        return {**means, 'val_position_cm': means['score'],
                'codes_used': float(shares.mean()), 'codes_used_least': float(shares.min())}

    def model_config(self) -> dict:
        """Return what the folder is; no estimator loads it."""
        return {'architecture': f'sage_{self._part}_tokens'}

    def _terms(
        self, network: torch.nn.Module, batch: WindowBatch, masked: float
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Return the terms and the mean error of the part's joints under the root [m]."""
        seen = observed(batch)
        truth = part_of(seen.pose_6d, self._part)
        is_hidden = None
        if masked:
            shape = (len(truth), 1, truth.shape[2], 1)
            is_hidden = torch.rand(shape, device=truth.device) < masked
            is_hidden &= torch.rand(len(truth), 1, 1, 1, device=truth.device) < 0.5
            is_hidden[:, :, 0] = False
        motion, tokens = network(seen.features.flatten(-2), truth, is_hidden)
        motion = motion.float()
        joints, true_joints = (
            self._joints(each, seen.windows.offsets) for each in (motion, truth))
        terms = {
            'part_root': functional.l1_loss(motion[..., 0, :], truth[..., 0, :]),
            'part_rotation': functional.l1_loss(motion[..., 1:, :], truth[..., 1:, :]),
            'part_position': _distance(joints, true_joints),
            'quantisation': tokens.loss,
        }
        if self._part == 'upper':
            wrists, true_wrists = (_from_head(each) for each in (joints, true_joints))
            terms['part_hands'] = _distance(wrists, true_wrists)
        return terms, terms['part_position'].detach()

    def _joints(self, motion_6d: Tensor, offsets: Tensor) -> Tensor:
        """Return positions (B, T, joints, 3) [m] of the part, the other half at rest."""
        rotations = matrix_from_6d(motion_6d)
        rest = torch.eye(3, device=rotations.device).expand(*rotations.shape[:2], 1, 3, 3)
        where = {joint: number for number, joint in enumerate(PART_JOINTS[self._part])}
        local = torch.cat([
            rotations[:, :, where[joint]:where[joint] + 1] if joint in where else rest
            for joint in range(JOINT_COUNT)], dim=2)
        origin = torch.zeros_like(rotations[..., 0, :, 0])
        _, positions = forward_kinematics(local, origin, offsets)
        return torch.stack([positions[:, :, joint] for joint in where], dim=2)


def new_tokenizer(config: SageConfig, part: str) -> PartTokenizer:
    """Build an untrained tokeniser."""
    return PartTokenizer(config.tokenizer, part, config.features)


def part_of(pose_6d: Tensor, part: str) -> Tensor:
    """Return the joints (..., joints, 6) of a half of (..., 22, 6)."""
    return torch.stack([pose_6d[..., joint, :] for joint in PART_JOINTS[part]], dim=-2)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    return ((a - b).square().sum(dim=-1) + 1e-8).sqrt().mean()


def _from_head(joints: Tensor) -> Tensor:
    """Return both wrists (B, T, 2, 3) of the upper body's joints, from its head."""
    where = PART_JOINTS['upper']
    head = joints[:, :, where.index(HEAD)]
    return torch.stack(
        [joints[:, :, where.index(wrist)] - head for wrist in (LEFT_WRIST, RIGHT_WRIST)], dim=2)
