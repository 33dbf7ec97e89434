# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the first stages of all generators of tokens have in common: clips brought back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.networks.frame_tokenizer import FrameTokenizer
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.feature_joints import joints_of_features
from motion_avatar_ros.training.mean_figures import MeanFigures

_SHORT_SHARE = 0.3
_SHORTEST_FRAMES = 16   # a continuation begins with no more than a second
_AT_ONCE = 32
_THINNING = 4


class FrameTokenizerTraining:
    """Draws clips, and compares them with what a tokeniser makes of them."""

    def __init__(self, data: CaptionedCrops, frames_per_latent: int) -> None:
        self._data = data
        self._frames_per_latent = frames_per_latent

    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> ClipBatch:
        """Draw a training batch."""
        return self._data.draw(windows, rng, device, _SHORT_SHARE, _SHORTEST_FRAMES)

    def _take_statistics(self, tokenizer: FrameTokenizer) -> None:
        """Give the tokeniser mean and deviation of the data."""
        scale = self._data.statistics()
        tokenizer.feature_mean.copy_(torch.from_numpy(scale.mean))
        tokenizer.feature_std.copy_(torch.from_numpy(scale.std))
        self._mean, self._std = tokenizer.feature_mean.clone(), tokenizer.feature_std.clone()

    def _compared(self, scored: Tensor, batch: ClipBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Return smooth L1 of scored frames (B, T, features), who is real, and joints' [m]."""
        truth = (batch.frames - self._mean) / self._std
        is_real = torch.arange(batch.frames.shape[1], device=batch.frames.device) < (
            self._frames_per_latent * batch.counts[:, None])
        joints = mean_of_real(
            joint_distances(self._mean + self._std * thinned(scored), thinned(batch.frames)),
            thinned(is_real))
        return functional.smooth_l1_loss(scored, truth, reduction='none'), is_real, joints

    def _validated_cm(
        self, tokenizer: FrameTokenizer, scales: str, device: torch.device
    ) -> dict[str, float]:
        """Return the mean joint error on 'val' [cm] by the first scales, all of them as score."""
        count = len(tokenizer.quantizer)
        errors = reconstructions_cm(
            tokenizer, self._data.validation(_AT_ONCE, device), (1, (count + 1) // 2, count))
        return {
            **{f'val_cm_{number}_{scales}': error for number, error in errors.items()},
            'score': errors[count]}

    def _drawn(self, batches: int, device: torch.device) -> Iterator[ClipBatch]:
        """Draw the same training clips each time, for figures of them."""
        for number in range(batches):
            yield self.draw(_AT_ONCE, np.random.default_rng(number), device)


def reconstructions_cm(
    tokenizer: FrameTokenizer, batches: Iterable[ClipBatch], counts: Iterable[int]
) -> dict[int, float]:
    """Return the mean joint error [cm] with the first scales' tokens alone, by how many."""
    figures = MeanFigures()
    counts = tuple(counts)
    for batch in batches:
        tokens = tokenizer.tokens(batch.frames, batch.counts).tokens
        figures.add({str(count): reconstruction_cm(tokenizer, batch, tokens[:count])
                     for count in counts})
    return {int(count): error for count, error in figures.means().items()}


def reconstruction_cm(
    tokenizer: FrameTokenizer, batch: ClipBatch, tokens: list[Tensor]
) -> float:
    """Return the mean distance [cm] of a batch's joints from those of the first scales' tokens."""
    total = tokenizer.quantizer.decode(tokens, batch.counts, int(batch.frames.shape[1])
                                       // tokenizer.frames_per_latent)
    frames = tokenizer.frames(total, batch.counts)
    is_real = tokenizer.is_real(batch.counts, batch.frames.shape[1])
    return 100.0 * float(mean_of_real(joint_distances(frames, batch.frames), is_real))


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
