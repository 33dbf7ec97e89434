# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What may be asked of a generator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError

FEWEST_FRAMES = 4       # fewer are no motion: features hold differences to the next frame
MOST_FRAMES = 6000      # five minutes


class GenerationError(MotionAvatarError):
    """A request that no generator can meet."""


def check_frames(frames: int) -> None:
    """Refuse a length that makes no sense."""
    if not FEWEST_FRAMES <= frames <= MOST_FRAMES:
        raise GenerationError(
            f'{frames} frames are asked for; allowed: {FEWEST_FRAMES} to {MOST_FRAMES}')


def check_texts(texts: Sequence[str], frames: Sequence[int]) -> None:
    """Refuse lengths that do not fit the texts, or make no sense."""
    if len(texts) != len(frames):
        raise GenerationError(f'{len(texts)} texts, but {len(frames)} lengths')
    for each in frames:
        check_frames(each)


def check_source(source: np.ndarray, is_kept: np.ndarray, width: int) -> None:
    """Refuse a motion to edit, or a mask, of the wrong shape."""
    if source.ndim != 2 or source.shape[1] != width or not np.isfinite(source).all():
        raise GenerationError(
            f'a motion to edit is (frames, {width}) finite numbers, not {source.shape}')
    if is_kept.shape != source.shape[:1] or is_kept.dtype != np.bool_:
        raise GenerationError(
            f'a mask holds a truth value for each of {len(source)} frames, '
            f'not {is_kept.dtype} {is_kept.shape}')
    check_frames(len(source))
