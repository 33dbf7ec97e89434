# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The clips that generated motion is compared with: their texts, lengths and motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.training.captioned_clips import load_captioned_clips

FEWEST_CAPTIONS = 4     # else there is no pool to be found in


@dataclass(frozen=True)
class EvaluationClips:
    """
    N clips of a split, at most 196 frames each.

    Attributes:
        features: N of (T, 269), as read.
        texts: the first caption of each.
        distinct: C texts, each once.
        captions: (N,) which of them each has.
    """

    features: tuple[np.ndarray, ...]
    texts: tuple[str, ...]
    distinct: tuple[str, ...]
    captions: np.ndarray

    @property
    def frames(self) -> list[int]:
        """Frames of each."""
        return [len(each) for each in self.features]


def evaluation_clips(
    data: str | Path, split: str, sets: Sequence[str] | None
) -> EvaluationClips:
    """
    Load them.

    Raises:
        DataFolderError: no such folder, split or set, or no captioned clip.
        MotionAvatarError: fewer than four captions.
    """
    clips = load_captioned_clips(data, split, sets)
    texts = tuple(clip.captions[0] for clip in clips)
    distinct, captions = np.unique(texts, return_inverse=True)
    if len(distinct) < FEWEST_CAPTIONS:
        raise MotionAvatarError(
            f"split '{split}' has {len(distinct)} distinct captions; an evaluation needs "
            f'{FEWEST_CAPTIONS}')
    return EvaluationClips(
        tuple(clip.features for clip in clips), texts, tuple(map(str, distinct)), captions)
