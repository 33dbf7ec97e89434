# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen's first stage: the tokeniser learns to bring clips back from their bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.generation.motion_features import HEIGHT, VELOCITIES
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig
from motion_avatar_ros.networks.skeleton_tokenizer import BitLearner, SkeletonTokenizer
from motion_avatar_ros.training.linear_start import begin_linear
from motion_avatar_ros.training.losses import weighted_sum
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.tokenizer_training import (
    joint_distances, mean_of_real, reconstruction_cm, thinned,
)

_SHORT_SHARE = 0.3
_SHORTEST_FRAMES = 16   # a continuation begins with no more than a second
_FIRST_CLIPS = 192      # of which the linear paths are made
_AT_ONCE = 32
_USE_BATCHES = 4
_ROOT = slice(0, HEIGHT.stop)


@dataclass(frozen=True)
class BitLossWeights:
    """ScaleMoGen's terms (arXiv 2605.11704), joints by kinematics, and what is left."""

    features: float = 1.0       # Scored features, smooth L1.
    root: float = 0.5           # The root's four among them once more,
    velocities: float = 0.5     # and velocities.
    joints: float = 5.0         # By rotations, mean distance [m].
    bits: float = 4.0           # Directions near their codes, sure and varied.
    left: float = 1.0           # Mean square of what the maps leave.


class BitTraining:
    """The tokeniser's network, loss and validation."""

    def __init__(
        self, data: CaptionedCrops, config: ScaleMoGenConfig, weights: BitLossWeights
    ) -> None:
        self._data = data
        self._config = config
        self._weights = weights

    def build_network(self, device: torch.device) -> BitLearner:
        """Return a tokeniser with the data's statistics, its linear paths solved for."""
        network = new_bit_learner(self._config).to(device)
        scale = self._data.statistics()
        tokenizer = network.tokenizer
        tokenizer.feature_mean.copy_(torch.from_numpy(scale.mean))
        tokenizer.feature_std.copy_(torch.from_numpy(scale.std))
        self._mean, self._std = tokenizer.feature_mean.clone(), tokenizer.feature_std.clone()
        first = self.draw(_FIRST_CLIPS, np.random.default_rng(0), device)
        begin_linear(tokenizer, first.frames, first.counts)
        return network

    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> ClipBatch:
        """Draw a training batch."""
        return self._data.draw(windows, rng, device, _SHORT_SHARE, _SHORTEST_FRAMES)

    def loss(
        self, network: torch.nn.Module, batch: ClipBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        scored, bits, left = network(batch.frames, batch.counts)
        truth = (batch.frames - self._mean) / self._std
        is_real = torch.arange(batch.frames.shape[1], device=batch.frames.device) < (
            self._config.frames_per_latent * batch.counts[:, None])
        off = functional.smooth_l1_loss(scored, truth, reduction='none')
        terms = {
            'features': mean_of_real(off, is_real),
            'root': mean_of_real(off[..., _ROOT], is_real),
            'velocities': mean_of_real(off[..., VELOCITIES], is_real),
            'joints': mean_of_real(
                joint_distances(
                    self._mean + self._std * thinned(scored), thinned(batch.frames)),
                thinned(is_real)),
            'bits': bits,
            'left': left,
        }
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: BitLearner, device: torch.device) -> dict[str, float]:
        """Return the mean joint error on 'val' [cm] as score, by maps, and the bits' use."""
        tokenizer = network.tokenizer
        maps = len(self._config.lengths)
        figures = MeanFigures()
        for batch in self._data.validation(_AT_ONCE, device):
            tokens = tokenizer.tokens(batch.frames, batch.counts).tokens
            for count in (1, (maps + 1) // 2, maps):
                figures.add({f'val_cm_{count}_maps': reconstruction_cm(
                    tokenizer, batch, tokens[:count])})
        shares = bits_set(tokenizer, [
            self.draw(_AT_ONCE, np.random.default_rng(number), device)
            for number in range(_USE_BATCHES)])
        means = figures.means()
        return {
            **means, 'score': means[f'val_cm_{maps}_maps'],
            'bit_farthest_from_half': float((shares - 0.5).abs().max())}

    def model_config(self) -> dict:
        """Return what the folder is; nothing generates from it."""
        return {'architecture': 'skeleton_tokenizer'}


def new_bit_learner(config: ScaleMoGenConfig) -> BitLearner:
    """Build an untrained tokeniser with what it needs to learn."""
    return BitLearner(config.tokenizer(), config.scale_dropout)


def bits_set(tokenizer: SkeletonTokenizer, batches: Iterable[ClipBatch]) -> Tensor:
    """Return the share (maps, bits) of the cells of clips whose bit is 1."""
    quantizer = tokenizer.quantizer
    ones = torch.zeros(len(quantizer), quantizer.bits)
    cells = torch.zeros(len(quantizer), 1)
    for batch in batches:
        found = tokenizer.tokens(batch.frames, batch.counts).tokens
        for index, is_cell in enumerate(quantizer.scales.is_cell(batch.counts)):
            own = found[index][is_cell].flatten(0, 1).float().cpu()
            ones[index] += own.sum(dim=0)
            cells[index] += len(own)
    return ones / cells
