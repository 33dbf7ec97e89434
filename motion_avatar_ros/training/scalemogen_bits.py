# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen's first stage: the tokeniser learns to bring clips back from their bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.generation.motion_features import HEIGHT, VELOCITIES
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig
from motion_avatar_ros.networks.skeleton_tokenizer import BitLearner, SkeletonTokenizer
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.frame_tokenizer_training import (
    FrameTokenizerTraining, mean_of_real,
)
from motion_avatar_ros.training.linear_start import begin_linear
from motion_avatar_ros.training.losses import weighted_sum

_FIRST_CLIPS = 192      # of which the linear paths are made
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


class BitTraining(FrameTokenizerTraining):
    """The tokeniser's network, loss and validation."""

    def __init__(
        self, data: CaptionedCrops, config: ScaleMoGenConfig, weights: BitLossWeights
    ) -> None:
        super().__init__(data, config.frames_per_latent)
        self._config = config
        self._weights = weights

    def build_network(self, device: torch.device) -> BitLearner:
        """Return a tokeniser with the data's statistics, its linear paths solved for."""
        network = new_bit_learner(self._config).to(device)
        tokenizer = network.tokenizer
        self._take_statistics(tokenizer)
        first = self.draw(_FIRST_CLIPS, np.random.default_rng(0), device)
        begin_linear(tokenizer, first.frames, first.counts)
        return network

    def loss(
        self, network: torch.nn.Module, batch: ClipBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        scored, bits, left = network(batch.frames, batch.counts)
        off, is_real, joints = self._compared(scored, batch)
        terms = {
            'features': mean_of_real(off, is_real),
            'root': mean_of_real(off[..., _ROOT], is_real),
            'velocities': mean_of_real(off[..., VELOCITIES], is_real),
            'joints': joints,
            'bits': bits,
            'left': left,
        }
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: BitLearner, device: torch.device) -> dict[str, float]:
        """Return the mean joint error on 'val' [cm] as score, by maps, and the bits' use."""
        shares = bits_set(network.tokenizer, self._drawn(_USE_BATCHES, device))
        return {
            **self._validated_cm(network.tokenizer, 'maps', device),
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
