# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a motion stream is told, asks for, and tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError

if TYPE_CHECKING:  # it imports torch
    from motion_avatar_ros.generation.text_to_motion import TextToMotion


class StreamError(MotionAvatarError):
    """Settings that make no stream."""


@dataclass(frozen=True)
class StreamSettings:
    """
    Of a stream.

    Attributes:
        chunk_s: length of a piece.
        ahead_s: a piece is asked for when less than this is left, or than the generator needs.
        blend_s: a piece is shown alone after so long.
        seed: of all that is drawn.
    """

    chunk_s: float = 5.0
    ahead_s: float = 1.5
    blend_s: float = 0.5
    seed: int = 1


@dataclass(frozen=True)
class ChunkRequest:
    """
    A piece to be made.

    Attributes:
        prompt: what is to be done.
        source, is_kept: (T, 269) and (T,), the first second of which stays.
        seed: of this piece.
        frame: number of the last frame that stays.
        revision: of the prompt.
    """

    prompt: str
    source: np.ndarray
    is_kept: np.ndarray
    seed: int
    frame: int
    revision: int

    def made_by(self, generator: TextToMotion) -> np.ndarray:
        """Return the features (T, 269) of the piece."""
        return generator.edit(self.source, self.is_kept, self.prompt, self.seed)


@dataclass(frozen=True)
class StreamStatus:
    """
    What a stream does.

    Attributes:
        prompt: what it was told, '' for standing.
        is_moving: whether what is shown was generated.
        buffer_s: of what was generated, left to be shown.
        chunks, late, discarded, failed, extra_steps: counts since the start.
        problem: of the last piece, or None.
    """

    prompt: str
    is_moving: bool
    buffer_s: float
    chunks: int
    late: int
    discarded: int
    failed: int
    extra_steps: int
    problem: str | None
