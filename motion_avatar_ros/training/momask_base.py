# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask's second stage: a transformer learns hidden tokens of the base layer from the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.networks.masked_transformer import MaskedTransformer, hidden_shares
from motion_avatar_ros.networks.momask import MomaskConfig
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.spoken_tokens import NO_TARGET, SpokenTokens, compared

_UNSAID = 0.1       # share of the clips without words: guidance needs both
_RANDOM = 0.1       # share of the tokens to be told that are replaced by random ones,
_LEFT = 0.108       # and of those that are left as they are: a tenth of the rest, and more
_JUDGED = (0.0, 0.25, 0.5, 0.75)    # of the work done when 'val' is judged


@dataclass(frozen=True)
class BaseBatch:
    """
    What a step learns.

    Attributes:
        words: (B, L, text), the sentence's vector first.
        is_word: (B, L) bool.
        counts: (B,) latents of each clip.
        tokens: (B, N) of the base layer, some of them hidden.
        targets: (B, N), -100 where nothing is to be told.
    """

    words: Tensor
    is_word: Tensor
    counts: Tensor
    tokens: Tensor
    targets: Tensor


class MomaskBaseTraining:
    """The transformer's network, loss and validation; the tokeniser is at rest."""

    def __init__(
        self, data: CaptionedCrops, config: MomaskConfig, tokenizer: MotionTokenizer
    ) -> None:
        self._crops = SpokenTokens(data, tokenizer)
        self._config = config

    def build_network(self, device: torch.device) -> MaskedTransformer:
        """Return an untrained transformer; encodes the captions."""
        self._crops.to(device)
        return self._config.transformer().to(device)

    @torch.no_grad()
    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> BaseBatch:
        """Draw a training batch, of each clip as much hidden as when any part is done."""
        clips = self._crops.draw(windows, rng, device)
        return self._batch(clips, _UNSAID, torch.rand(windows, device=device), True)

    def loss(
        self, network: torch.nn.Module, batch: BaseBatch
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the cross-entropy of the tokens to be told, and its terms for the log."""
        logits = network(batch.words, batch.is_word, batch.tokens, batch.counts)
        loss, _ = compared(logits, batch.targets)
        return loss, {'cross_entropy': loss.detach()}

    @torch.inference_mode()
    def validate(self, network: MaskedTransformer, device: torch.device) -> dict[str, float]:
        """Return the cross-entropy on 'val' as score, and the share told right, by part done."""
        figures = MeanFigures()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            for clips in self._crops.validation(device):
                for done in _JUDGED:
                    batch = self._batch(
                        clips, 0.0, torch.full(clips.counts.shape, done, device=device), False)
                    logits = network(batch.words, batch.is_word, batch.tokens, batch.counts)
                    loss, right = compared(logits, batch.targets)
                    figures.add({
                        'score': loss, 'accuracy': right, f'accuracy_{done}': right})
        return figures.means()

    def model_config(self) -> dict:
        """Return what the folder is; nothing generates from it alone."""
        return {'architecture': 'momask_transformer'}

    def _batch(
        self, clips: ClipBatch, unsaid: float, done: Tensor, is_corrupted: bool
    ) -> BaseBatch:
        tokens = self._crops.tokenizer.tokens(clips.frames, clips.counts).tokens[0]
        words, is_word = self._crops.words(clips, unsaid)
        is_told = chosen(clips.counts, tokens.shape[1], hidden_shares(done))
        given = tokens.masked_fill(is_told, self._config.codes_per_layer)
        if is_corrupted:
            chance = torch.rand(tokens.shape, device=tokens.device)
            is_random, is_left = chance < _RANDOM, chance >= 1.0 - _LEFT
            anything = torch.randint_like(tokens, self._config.codes_per_layer)
            given = torch.where(is_told & is_random, anything, given)
            given = torch.where(is_told & is_left, tokens, given)
        return BaseBatch(
            words, is_word, clips.counts, given, tokens.masked_fill(~is_told, NO_TARGET))


def chosen(counts: Tensor, latents: int, shares: Tensor) -> Tensor:
    """
    Choose places of clips at random, at least one of each.

    Args:
        counts: (B,) latents of each clip.
        latents: N.
        shares: (B,) of each clip's latents that are chosen.

    Returns:
        (B, N) bool.
    """
    is_real = torch.arange(latents, device=counts.device) < counts[:, None]
    order = torch.rand(is_real.shape, device=counts.device).masked_fill(~is_real, 2.0)
    ranks = order.argsort(dim=1).argsort(dim=1)
    return ranks < (shares * counts).round().clamp_min(1.0)[:, None]
