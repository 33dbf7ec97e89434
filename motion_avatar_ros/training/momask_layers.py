# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask's third stage: the transformer learns a layer's tokens from the layers before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.networks.momask import MomaskConfig
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.networks.residual_transformer import ResidualTransformer
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.spoken_tokens import (
    NO_TARGET, SpokenTokens, compared, set_statistics,
)

_UNSAID = 0.2   # share of the clips without words: guidance needs both


@dataclass(frozen=True)
class LayerBatch:
    """
    What a step learns.

    Attributes:
        words: (B, L, text), the sentence's vector first.
        is_word: (B, L) bool.
        counts: (B,) latents of each clip.
        before: (B, N, latent) the sum of the layers before that of the clip.
        layers: (B,) index of each clip's layer, 1 the one after the base layer.
        targets: (B, N) its tokens, -100 beyond a clip.
    """

    words: Tensor
    is_word: Tensor
    counts: Tensor
    before: Tensor
    layers: Tensor
    targets: Tensor


class MomaskLayerTraining:
    """The transformer's network, loss and validation; the tokeniser is at rest."""

    def __init__(
        self, data: CaptionedCrops, config: MomaskConfig, tokenizer: MotionTokenizer
    ) -> None:
        self._crops = SpokenTokens(data, tokenizer)
        self._config = config

    @torch.no_grad()
    def build_network(self, device: torch.device) -> ResidualTransformer:
        """Return an untrained transformer, statistics in its buffers; encodes the captions."""
        self._crops.to(device)
        network = self._config.residual().to(device)
        clips = self._crops.for_statistics(device)
        for layer in range(1, self._config.quantizer_layers):
            batch = self._batch(clips, 0.0, torch.full_like(clips.counts, layer))
            set_statistics(
                network.input_mean[layer - 1], network.input_std[layer - 1],
                batch.before[batch.targets != NO_TARGET])
        return network

    @torch.no_grad()
    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> LayerBatch:
        """Draw a training batch, each clip at a layer of its own."""
        clips = self._crops.draw(windows, rng, device)
        layers = torch.randint(1, self._config.quantizer_layers, (windows,), device=device)
        return self._batch(clips, _UNSAID, layers)

    def loss(
        self, network: torch.nn.Module, batch: LayerBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the cross-entropy of the tokens, and its terms for the log."""
        loss, _ = compared(
            network(batch.words, batch.is_word, batch.before, batch.layers, batch.counts),
            batch.targets)
        return loss, {'cross_entropy': loss.detach()}

    @torch.inference_mode()
    def validate(self, network: ResidualTransformer, device: torch.device) -> dict[str, float]:
        """Return the cross-entropy on 'val' as score, and the share told right, by layer."""
        figures = MeanFigures()
        for clips in self._crops.validation(device):
            for layer in range(1, self._config.quantizer_layers):
                batch = self._batch(clips, 0.0, torch.full_like(clips.counts, layer))
                logits = network(
                    batch.words, batch.is_word, batch.before, batch.layers, batch.counts)
                loss, right = compared(logits, batch.targets)
                figures.add({'score': loss, 'accuracy': right, f'accuracy_{layer}': right})
        return figures.means()

    def model_config(self) -> dict:
        """Return what the folder is; nothing generates from it alone."""
        return {'architecture': 'momask_residual'}

    def _batch(self, clips: ClipBatch, unsaid: float, layers: Tensor) -> LayerBatch:
        found = self._crops.tokenizer.tokens(clips.frames, clips.counts)
        words, is_word = self._crops.words(clips, unsaid)
        rows = torch.arange(len(layers), device=layers.device)
        sums = torch.stack(found.layers).cumsum(dim=0)
        tokens = torch.stack(found.tokens)[layers, rows]
        steps = torch.arange(tokens.shape[1], device=layers.device)
        return LayerBatch(
            words, is_word, clips.counts, sums[layers - 1, rows], layers,
            tokens.masked_fill(steps >= clips.counts[:, None], NO_TARGET))
