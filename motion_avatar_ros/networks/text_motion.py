# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A common space of motions and sentences, small enough for a small test set.

In the manner of TMR (Petrovich et al., ICCV 2023): what belongs together is near. Beside that the
vector of a motion must tell mean and deviation of its features and of their change, so that it
also knows how somebody moves and not only what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

FRAMES_PER_STEP = 4
TOLD = 3        # numbers that are told of each feature


@dataclass(frozen=True)
class TextMotionConfig:
    """Sizes."""

    features: int = 269
    text: int = 384             # Of a sentence of the text encoder.
    width: int = 128
    embedding: int = 32         # At most: the test set has some dozens of clips.
    dropout: float = 0.2
    text_encoder: str = 'minilm'


class TextMotionOutput(NamedTuple):
    """
    What training looks at.

    Attributes:
        motions, sentences: vectors (B, embedding) and (S, embedding).
        told: (B, 3 * features) what motions' vectors tell of their features.
        normalised: (B, T, features) of which.
        temperature: of cosines.
    """

    motions: Tensor
    sentences: Tensor
    told: Tensor
    normalised: Tensor
    temperature: Tensor


class TextMotionNetwork(nn.Module):
    """Embeds motions and sentences; statistics of the training data are buffers."""

    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, config: TextMotionConfig) -> None:
        super().__init__()
        width = config.width
        self.register_buffer('feature_mean', torch.zeros(config.features))
        self.register_buffer('feature_std', torch.ones(config.features))
        self.stem = nn.Sequential(
            nn.Conv1d(config.features, width, 4, 2, 1), nn.GELU(), nn.Dropout(config.dropout),
            nn.Conv1d(width, width, 4, 2, 1), nn.GELU(), nn.Dropout(config.dropout))
        self.sequence = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.motion = nn.Linear(2 * width, config.embedding)
        self.sentence = nn.Sequential(
            nn.Linear(config.text, width), nn.GELU(), nn.Dropout(config.dropout),
            nn.Linear(width, config.embedding))
        self.statistics = nn.Sequential(
            nn.Linear(config.embedding, width), nn.GELU(),
            nn.Linear(width, TOLD * config.features))
        self.log_temperature = nn.Parameter(torch.tensor(0.1).log())

    def forward(self, features: Tensor, counts: Tensor, sentences: Tensor) -> TextMotionOutput:
        """Embed motions (B, T, features) of some frames (B,), and any sentences (S, text)."""
        motions = self.embed_motions(features, counts)
        return TextMotionOutput(
            motions, self.embed_sentences(sentences), self.statistics(motions),
            self.normalised(features), self.log_temperature.exp())

    def normalised(self, features: Tensor) -> Tensor:
        """Return features about zero and about one."""
        return (features - self.feature_mean) / self.feature_std

    def embed_motions(self, features: Tensor, counts: Tensor) -> Tensor:
        """
        Return vectors (B, embedding) of length sqrt(embedding).

        Args:
            features: (B, T, features), T a multiple of 4.
            counts: (B,) frames of each motion; what comes after does not matter.
        """
        frames = torch.arange(features.shape[1], device=features.device)
        is_real = (frames < counts[:, None])[..., None]
        inside = (self.normalised(features) * is_real).clamp(-10.0, 10.0)
        steps = self.stem(inside.mT).mT
        # A step belongs to a motion when its first frame does.
        is_step = is_real[:, ::FRAMES_PER_STEP]
        sequence, _ = self.sequence(steps * is_step)
        mean = (sequence * is_step).sum(dim=1) / is_step.sum(dim=1)
        most = sequence.masked_fill(~is_step, -1.0).amax(dim=1)     # of values in -1 .. 1
        return _of_equal_length(self.motion(torch.cat((mean, most), dim=-1)))

    def embed_sentences(self, sentences: Tensor) -> Tensor:
        """Return vectors (B, embedding) of length sqrt(embedding) of the encoder's (B, text)."""
        return _of_equal_length(self.sentence(sentences))


def _of_equal_length(vectors: Tensor) -> Tensor:
    return functional.layer_norm(vectors, vectors.shape[-1:])
