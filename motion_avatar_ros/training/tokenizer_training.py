# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The first stage of MoSa and MoMask: the tokeniser learns to bring clips back from tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.generation.motion_features import POSITIONS
from motion_avatar_ros.networks.frame_tokenizer import FrameTokenizer
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer, TokenizerLearner
from motion_avatar_ros.networks.token_generator import TokenGeneratorConfig
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.feature_joints import joints_of_features
from motion_avatar_ros.training.losses import weighted_sum
from motion_avatar_ros.training.mean_figures import MeanFigures

_SHORT_SHARE = 0.3
_SHORTEST_FRAMES = 16   # a continuation begins with no more than a second
_FIRST_CLIPS = 256      # of which the first codes are made
_AT_ONCE = 32
_THINNING = 4
_USE_BATCHES = 8


@dataclass(frozen=True)
class TokenizerLossWeights:
    """MoSa's terms (arXiv 2511.01200, eq. 5), and joints by forward kinematics."""

    features: float = 1.0       # Scored features, smooth L1.
    positions: float = 0.5      # Positions among them once more.
    joints: float = 5.0         # By rotations, mean distance [m].
    codebook: float = 1.0       # Phi: what is left before its layer.
    commitment: float = 0.02    # Of the encoder.


class TokenizerTraining:
    """The tokeniser's network, loss and validation."""

    def __init__(
        self, data: CaptionedCrops, config: TokenGeneratorConfig, weights: TokenizerLossWeights
    ) -> None:
        self._data = data
        self._config = config
        self._weights = weights

    def build_network(self, device: torch.device) -> TokenizerLearner:
        """Return a tokeniser with the data's statistics, its codes latents of a first batch."""
        network = new_learner(self._config).to(device)
        scale = self._data.statistics()
        tokenizer = network.tokenizer
        tokenizer.feature_mean.copy_(torch.from_numpy(scale.mean))
        tokenizer.feature_std.copy_(torch.from_numpy(scale.std))
        self._mean, self._std = tokenizer.feature_mean.clone(), tokenizer.feature_std.clone()
        with torch.no_grad():
            batch = self.draw(_FIRST_CLIPS, np.random.default_rng(0), device)
            is_real = tokenizer.is_real(batch.counts, batch.frames.shape[1])
            network.averages.begin(
                tokenizer.quantizer, tokenizer.latents(batch.frames, is_real), batch.counts)
        return network

    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> ClipBatch:
        """Draw a training batch."""
        return self._data.draw(windows, rng, device, _SHORT_SHARE, _SHORTEST_FRAMES)

    def loss(
        self, network: torch.nn.Module, batch: ClipBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to minimise and its terms for the log."""
        scored, codebook, commitment = network(batch.frames, batch.counts)
        truth = (batch.frames - self._mean) / self._std
        is_real = torch.arange(batch.frames.shape[1], device=batch.frames.device) < (
            self._config.frames_per_latent * batch.counts[:, None])
        terms = {
            'features': mean_of_real(
                functional.smooth_l1_loss(scored, truth, reduction='none'), is_real),
            'positions': mean_of_real(
                functional.smooth_l1_loss(
                    scored[..., POSITIONS], truth[..., POSITIONS], reduction='none'), is_real),
            'joints': mean_of_real(
                joint_distances(self._mean + self._std * thinned(scored), thinned(batch.frames)),
                thinned(is_real)),
            'codebook': codebook,
            'commitment': commitment,
        }
        return weighted_sum(terms, self._weights)

    @torch.inference_mode()
    def validate(self, network: TokenizerLearner, device: torch.device) -> dict[str, float]:
        """Return the mean joint error on 'val' [cm] as score, by layers, and the codes in use."""
        tokenizer = network.tokenizer
        layers = len(self._config.codes)
        figures = MeanFigures()
        for batch in self._data.validation(_AT_ONCE, device):
            tokens = tokenizer.tokens(batch.frames, batch.counts).tokens
            for count in (1, (layers + 1) // 2, layers):
                figures.add({f'val_cm_{count}_layers': reconstruction_cm(
                    tokenizer, batch, tokens[:count])})
        shares = codes_in_use(tokenizer, [
            self.draw(_AT_ONCE, np.random.default_rng(number), device)
            for number in range(_USE_BATCHES)])
        means = figures.means()
        return {
            **means, 'score': means[f'val_cm_{layers}_layers'],
            'codes_used': float(np.mean(shares)), 'codes_used_least': min(shares)}

    def model_config(self) -> dict:
        """Return what the folder is; nothing generates from it."""
        return {'architecture': 'motion_tokenizer'}


def new_learner(config: TokenGeneratorConfig) -> TokenizerLearner:
    """Build an untrained tokeniser with what it needs to learn."""
    return TokenizerLearner(config.tokenizer(), config.layer_dropout)


def reconstruction_cm(
    tokenizer: FrameTokenizer, batch: ClipBatch, tokens: list[Tensor]
) -> float:
    """Return the mean distance [cm] of a batch's joints from those of the first scales' tokens."""
    total = tokenizer.quantizer.decode(tokens, batch.counts, int(batch.frames.shape[1])
                                       // tokenizer.frames_per_latent)
    frames = tokenizer.frames(total, batch.counts)
    is_real = tokenizer.is_real(batch.counts, batch.frames.shape[1])
    return 100.0 * float(mean_of_real(joint_distances(frames, batch.frames), is_real))


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


def thinned(frames: Tensor) -> Tensor:
    """Return every fourth frame of (B, T, ...), of each clip another one: kinematics is slow."""
    parts = frames.unflatten(1, (-1, _THINNING))
    number = torch.arange(len(frames), device=frames.device)
    return parts[number, :, number % _THINNING]


def joint_distances(features: Tensor, truth: Tensor) -> Tensor:
    """Return how far joints (..., 22) are off [m], under the same ground point and heading."""
    off = joints_of_features(features) - joints_of_features(truth)
    return (off.square().sum(dim=-1) + 1e-8).sqrt()


def mean_of_real(values: Tensor, is_real: Tensor) -> Tensor:
    """Return the mean of values (B, T, ...) over real frames and all else."""
    per_frame = values.flatten(2).mean(dim=-1)
    return (per_frame * is_real).sum() / is_real.sum()
