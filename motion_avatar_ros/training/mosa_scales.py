# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoSa's second stage: the transformer learns the tokens of each scale from those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.networks.mosa import MosaConfig
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.networks.multiscale_quantizer import MultiscaleQuantizer
from motion_avatar_ros.networks.scale_transformer import ScaleTransformer
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.spoken_tokens import NO_TARGET, SpokenTokens, set_statistics

_KEPT = 0.5             # share of the tokens that inputs are made of that are the true ones
_UNSAID = 0.1           # share of the clips without words: guidance needs both


@dataclass(frozen=True)
class ScaleBatch:
    """
    What a step learns.

    Attributes:
        words: (B, L, text), the sentence's vector first.
        is_word: (B, L) bool.
        counts: (B,) latents of each clip.
        inputs: (B, tokens of all scales but the first, latent).
        targets: (B, tokens of all scales), -100 beyond a clip's own.
    """

    words: Tensor
    is_word: Tensor
    counts: Tensor
    inputs: Tensor
    targets: Tensor


class MosaScaleTraining:
    """The transformer's network, loss and validation; the tokeniser is at rest."""

    def __init__(
        self, data: CaptionedCrops, config: MosaConfig, tokenizer: MotionTokenizer
    ) -> None:
        self._crops = SpokenTokens(data, tokenizer)
        self._config = config

    @torch.no_grad()
    def build_network(self, device: torch.device) -> ScaleTransformer:
        """Return an untrained transformer, statistics in its buffers; encodes the captions."""
        self._crops.to(device)
        network = self._config.transformer().to(device)
        clips = self._crops.for_statistics(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            inputs = self._batch(clips, 0.0, _KEPT)
        is_token = network.resampling.is_token(clips.counts).split(self._config.scales, dim=1)
        for scale, each in enumerate(inputs.inputs.split(self._config.scales[1:], dim=1)):
            set_statistics(
                network.input_mean[scale], network.input_std[scale], each[is_token[scale + 1]])
        return network

    @torch.no_grad()
    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> ScaleBatch:
        """Draw a training batch: half of the tokens behind the inputs are random ones."""
        return self._batch(self._crops.draw(windows, rng, device), _UNSAID, _KEPT)

    def loss(
        self, network: torch.nn.Module, batch: ScaleBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the cross-entropy of the tokens, and its terms for the log."""
        logits = network(
            batch.words, batch.is_word,
            batch.inputs.split(self._config.scales[1:], dim=1), batch.counts)
        loss, _, _ = self._compared(logits, batch)
        return loss, {'cross_entropy': loss.detach()}

    @torch.inference_mode()
    def validate(self, network: ScaleTransformer, device: torch.device) -> dict[str, float]:
        """Return the cross-entropy on 'val' as score, and the share of right tokens by scale."""
        figures = MeanFigures()
        right = torch.zeros(2, len(self._config.scales))
        for clips in self._crops.validation(device):
            batch = self._batch(clips, 0.0, 1.0)
            logits = network(
                batch.words, batch.is_word,
                batch.inputs.split(self._config.scales[1:], dim=1), batch.counts)
            loss, hits, tokens = self._compared(logits, batch)
            figures.add({'score': loss})
            right += torch.stack((hits, tokens)).cpu()
        shares = right[0] / right[1].clamp_min(1.0)
        return {
            **figures.means(), 'accuracy': float(right[0].sum() / right[1].sum()),
            **{f'accuracy_{scale}': float(share) for scale, share in enumerate(shares)}}

    def model_config(self) -> dict:
        """Return what the folder is; nothing generates from it alone."""
        return {'architecture': 'mosa_transformer'}

    def _batch(self, clips: ClipBatch, unsaid: float, kept: float) -> ScaleBatch:
        tokenizer = self._crops.tokenizer
        words, is_word = self._crops.words(clips, unsaid)
        tokens = tokenizer.tokens(clips.frames, clips.counts).tokens
        quantizer = cast(MultiscaleQuantizer, tokenizer.quantizer)
        targets = torch.cat(tokens, dim=1).masked_fill(
            ~quantizer.resampling.is_token(clips.counts), NO_TARGET)
        given = tokens if kept >= 1.0 else [
            torch.where(
                torch.rand(each.shape, device=each.device) < kept, each,
                torch.randint(count, each.shape, device=each.device))
            for each, count in zip(tokens, self._config.codes, strict=True)]
        inputs = quantizer.inputs(given, clips.counts, self._crops.latents(clips))
        return ScaleBatch(words, is_word, clips.counts, torch.cat(inputs, dim=1), targets)

    def _compared(
        self, logits: Sequence[Tensor], batch: ScaleBatch
    ) -> tuple[Tensor, Tensor, Tensor]:
        """
        Return the mean over scales of the cross-entropy per token, right and all tokens of each.

        Tokens alike would leave the three coarsest scales, which say what is done, a twelfth.
        """
        losses, hits, tokens = [], [], []
        for scored, target in zip(
                logits, batch.targets.split(self._config.scales, dim=1), strict=True):
            losses.append(functional.cross_entropy(
                scored.float().flatten(0, 1), target.flatten(), ignore_index=NO_TARGET))
            hits.append((scored.argmax(dim=-1) == target).sum())
            tokens.append((target != NO_TARGET).sum())
        return torch.stack(losses).mean(), torch.stack(hits), torch.stack(tokens)
