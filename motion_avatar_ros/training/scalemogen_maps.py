# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
ScaleMoGen's second stage: the transformer learns the bits of each map from those before it.

Bitwise self-correction (Han et al., CVPR 2025): a share of the bits is turned over while inputs
are made, another share for each map, and the maps behind learn to mend that. What is to be told
at a map are always the bits of what is left there, before any is turned over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.networks.bitwise_transformer import BitwiseTransformer
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig
from motion_avatar_ros.networks.skeleton_tokenizer import SkeletonTokenizer
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.spoken_tokens import SpokenTokens

_UNSAID = 0.1           # share of the clips without words: guidance needs both
_FLIP_RATES = 31        # of 0, 0.01 and so on up to 0.30


@dataclass(frozen=True)
class MapBatch:
    """
    What a step learns.

    Attributes:
        words: (B, L, text), the sentence's vector first.
        is_word: (B, L) bool.
        counts: (B,) latents of each clip.
        inputs: (B, cells of all maps but the first, bits).
        targets: (B, cells of all maps, bits) of 0 and 1.
    """

    words: Tensor
    is_word: Tensor
    counts: Tensor
    inputs: Tensor
    targets: Tensor


class MapTraining:
    """The transformer's network, loss and validation; the tokeniser is at rest."""

    def __init__(
        self, data: CaptionedCrops, config: ScaleMoGenConfig, tokenizer: SkeletonTokenizer
    ) -> None:
        self._crops = SpokenTokens(data, tokenizer)
        self._config = config
        self._tokenizer = tokenizer
        self._cells = tokenizer.quantizer.scales.cells
        self._shapes = list(zip(config.lengths, config.groups, strict=True))

    def build_network(self, device: torch.device) -> BitwiseTransformer:
        """Return an untrained transformer; encodes the captions."""
        self._crops.to(device)
        return self._config.transformer().to(device)

    @torch.no_grad()
    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> MapBatch:
        """Draw a training batch, some of the bits behind the inputs turned over."""
        clips = self._crops.draw(windows, rng, device)
        flips = rng.integers(0, _FLIP_RATES, len(self._cells)) * 0.01
        return self._batch(clips, _UNSAID, flips.tolist())

    def loss(
        self, network: torch.nn.Module, batch: MapBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the cross-entropy of the bits, cells by the root of their map's number."""
        losses, is_token = self._losses(network, batch)
        total = _by_root(losses, is_token)
        return total, {'cross_entropy': total.detach()}

    @torch.inference_mode()
    def validate(self, network: BitwiseTransformer, device: torch.device) -> dict[str, float]:
        """
        Return figures on 'val'.

        Returns:
            The cross-entropy as score; of all bits and by map the share told right, where half
            is chance.
        """
        figures = MeanFigures()
        right = torch.zeros(2, len(self._cells))
        for clips in self._crops.validation(device):
            batch = self._batch(clips, 0.0, None)
            logits = self._logits(network, batch)
            losses, is_token = self._losses(network, batch, logits)
            figures.add({'score': _by_root(losses, is_token)})
            for index, (each, target, own) in enumerate(zip(
                    logits, batch.targets.split(self._cells, dim=1), is_token, strict=True)):
                hits = ((each.flatten(1, 2) > 0.0) == (target > 0.5))[own]
                right[:, index] += torch.tensor([float(hits.sum()), float(hits.numel())])
        shares = right[0] / right[1].clamp_min(1.0)
        return {
            **figures.means(), 'accuracy': float(right[0].sum() / right[1].sum()),
            **{f'accuracy_{index}': float(share) for index, share in enumerate(shares)}}

    def model_config(self) -> dict[str, Any]:
        """Return what the folder is; nothing generates from it alone."""
        return {'architecture': 'bitwise_transformer'}

    def _batch(
        self, clips: ClipBatch, unsaid: float, flips: Sequence[float] | None
    ) -> MapBatch:
        tokenizer = self._tokenizer
        quantizer = tokenizer.quantizer
        words, is_word = self._crops.words(clips, unsaid)
        latents = tokenizer.latents(
            clips.frames, tokenizer.is_real(clips.counts, clips.frames.shape[1]))
        found = quantizer.encode(latents, clips.counts, flips=flips)
        inputs = quantizer.inputs(found.layers, clips.counts)
        return MapBatch(
            words, is_word, clips.counts,
            torch.cat([each.flatten(1, 2) for each in inputs], dim=1),
            torch.cat([each.flatten(1, 2) for each in found.tokens], dim=1).float())

    def _logits(self, network: torch.nn.Module, batch: MapBatch) -> list[Tensor]:
        inputs = [
            part.unflatten(1, shape) for part, shape in zip(
                batch.inputs.split(self._cells[1:], dim=1), self._shapes[1:], strict=True)]
        return network(batch.words, batch.is_word, inputs, batch.counts)

    def _losses(
        self, network: torch.nn.Module, batch: MapBatch, logits: list[Tensor] | None = None
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return of each map the mean cross-entropy of a cell's bits, and which cells are."""
        logits = logits or self._logits(network, batch)
        losses = [
            functional.binary_cross_entropy_with_logits(
                each.float().flatten(1, 2), target, reduction='none').mean(dim=-1)
            for each, target in zip(
                logits, batch.targets.split(self._cells, dim=1), strict=True)]
        is_cell = self._tokenizer.quantizer.scales.is_cell(batch.counts)
        is_token = [
            each.repeat_interleave(groups, dim=1)
            for each, (_, groups) in zip(is_cell, self._shapes, strict=True)]
        return losses, is_token


def _by_root(losses: Sequence[Tensor], is_token: Sequence[Tensor]) -> Tensor:
    """Return the mean over clips; a map's weight is the root of the cells that a clip has."""
    total, weights = torch.zeros(()), torch.zeros(())
    for loss, own in zip(losses, is_token, strict=True):
        total, weights = total.to(loss.device), weights.to(loss.device)
        cells = own.sum(dim=1).clamp_min(1)
        total = total + (loss * own).sum(dim=1) / cells.sqrt()
        weights = weights + cells.sqrt()
    return (total / weights).mean()
