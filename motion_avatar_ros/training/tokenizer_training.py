# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The first stage of MoSa and MoMask: the tokeniser learns to bring clips back from tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.generation.motion_features import POSITIONS
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer, TokenizerLearner
from motion_avatar_ros.networks.token_generator import TokenGeneratorConfig
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.frame_tokenizer_training import (
    FrameTokenizerTraining, mean_of_real,
)
from motion_avatar_ros.training.losses import weighted_sum

_FIRST_CLIPS = 256      # of which the first codes are made
_USE_BATCHES = 8


@dataclass(frozen=True)
class TokenizerLossWeights:
    """MoSa's terms (arXiv 2511.01200, eq. 5), and joints by forward kinematics."""

    features: float = 1.0       # Scored features, smooth L1.
    positions: float = 0.5      # Positions among them once more.
    joints: float = 5.0         # By rotations, mean distance [m].
    codebook: float = 1.0       # Phi: what is left before its layer.
    commitment: float = 0.02    # Of the encoder.


class TokenizerTraining(FrameTokenizerTraining):
    """The tokeniser's network, loss and validation."""

    def __init__(
        self, data: CaptionedCrops, config: TokenGeneratorConfig, weights: TokenizerLossWeights
    ) -> None:
        super().__init__(data, config.frames_per_latent)
        self._config = config
        self._weights = weights

    def build_network(self, device: torch.device) -> TokenizerLearner:
        """Return a tokeniser with the data's statistics, its codes latents of a first batch."""
        network = new_learner(self._config).to(device)
        tokenizer = network.tokenizer
        self._take_statistics(tokenizer)
        with torch.no_grad():
            batch = self.draw(_FIRST_CLIPS, np.random.default_rng(0), device)
            is_real = tokenizer.is_real(batch.counts, batch.frames.shape[1])
            network.averages.begin(
                tokenizer.quantizer, tokenizer.latents(batch.frames, is_real), batch.counts)
        return network

    def loss(
        self, network: torch.nn.Module, batch: ClipBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        scored, codebook, commitment = network(batch.frames, batch.counts)
        off, is_real, joints = self._compared(scored, batch)
        terms = {
            'features': mean_of_real(off, is_real),
            'positions': mean_of_real(off[..., POSITIONS], is_real),
            'joints': joints,
            'codebook': codebook,
            'commitment': commitment,
        }
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: TokenizerLearner, device: torch.device) -> dict[str, float]:
        """Return the mean joint error on 'val' [cm] as score, by layers, and the codes in use."""
        shares = codes_in_use(network.tokenizer, self._drawn(_USE_BATCHES, device))
        return {
            **self._validated_cm(network.tokenizer, 'layers', device),
            'codes_used': float(np.mean(shares)), 'codes_used_least': min(shares)}

    def model_config(self) -> dict:
        """Return what the folder is; nothing generates from it."""
        return {'architecture': 'motion_tokenizer'}


def new_learner(config: TokenGeneratorConfig) -> TokenizerLearner:
    """Build an untrained tokeniser with what it needs to learn."""
    return TokenizerLearner(config.tokenizer(), config.layer_dropout)


def codes_in_use(tokenizer: MotionTokenizer, batches: Iterable[ClipBatch]) -> list[float]:
    """Return the share of each layer's codes that clips have."""
    quantizer = tokenizer.quantizer
    used = [torch.zeros(count, dtype=torch.bool) for count in quantizer.codes]
    for batch in batches:
        lengths = quantizer.lengths(batch.counts)
        for layer, tokens in enumerate(tokenizer.tokens(batch.frames, batch.counts).tokens):
            steps = torch.arange(tokens.shape[1], device=tokens.device)
            used[layer][tokens[steps < lengths[:, layer, None]].cpu()] = True
    return [float(each.float().mean()) for each in used]
