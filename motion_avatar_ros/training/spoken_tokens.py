# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What every transformer of tokens learns from: crops as tokens, and their captions as words."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from motion_avatar_ros.generation.spoken_words import said
from motion_avatar_ros.networks.frame_tokenizer import FrameTokenizer
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch

NO_TARGET = -100        # `cross_entropy` leaves it out

_SHORT_SHARE = 0.2
_SHORTEST_FRAMES = 40   # what is generated natively
_AT_ONCE = 32
_STATISTICS_CLIPS = 256
_LEAST_STD = 1e-3


class SpokenTokens:
    """Crops with their words; the tokeniser is at rest."""

    def __init__(self, data: CaptionedCrops, tokenizer: FrameTokenizer) -> None:
        self._data = data
        self.tokenizer = tokenizer.eval().requires_grad_(False)

    def to(self, device: torch.device) -> None:
        """Move the tokeniser, and encode the captions."""
        self.tokenizer.to(device)
        self._words, self._is_word = self._data.words(device)

    def draw(self, clips: int, rng: np.random.Generator, device: torch.device) -> ClipBatch:
        """Draw training crops, some of them short."""
        return self._data.draw(clips, rng, device, _SHORT_SHARE, _SHORTEST_FRAMES)

    def for_statistics(self, device: torch.device) -> ClipBatch:
        """Draw the training crops that statistics are of, always the same ones."""
        return self.draw(_STATISTICS_CLIPS, np.random.default_rng(0), device)

    def validation(self, device: torch.device) -> list[ClipBatch]:
        """Return the clips that judge."""
        return self._data.validation(_AT_ONCE, device)

    def words(self, clips: ClipBatch, unsaid: float) -> tuple[Tensor, Tensor]:
        """
        Return the words (B, L, text) of crops and which are there (B, L).

        Args:
            clips: the crops.
            unsaid: share of those for which nothing is said.
        """
        is_said = torch.rand(len(clips.counts), device=clips.counts.device) >= unsaid
        return said(self._words[clips.captions], self._is_word[clips.captions], is_said)

    def latents(self, clips: ClipBatch) -> int:
        """Return how many latents crops are padded to."""
        return clips.frames.shape[1] // self.tokenizer.frames_per_latent


def set_statistics(mean: Tensor, std: Tensor, values: Tensor) -> None:
    """Put mean and deviation (C,) of values (N, C) into the buffers given."""
    mean.copy_(values.mean(dim=0))
    std.copy_(values.std(dim=0).clamp_min(_LEAST_STD))


def compared(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """
    Return the cross-entropy per token that is to be told, and the share told right.

    Args:
        logits: (B, N, codes).
        targets: (B, N), `NO_TARGET` where nothing is to be told.
    """
    loss = functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), ignore_index=NO_TARGET)
    is_told = targets != NO_TARGET
    is_right = (logits.argmax(dim=-1) == targets) & is_told
    return loss, is_right.sum() / is_told.sum()
