# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion longer than a generator's longest: overlapping windows, each continuing the last."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: From features (T, width), the mask (T,) of those that stay and the window's number to features.
Edit = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def edited_in_windows(
    edit: Edit, source: np.ndarray, is_kept: np.ndarray, longest: int, overlap: int
) -> np.ndarray:
    """
    Edit a motion of any length.

    Windows of equal length, but for the last: each keeps the last frames of what is made so far,
    and is faded in over them.

    Args:
        edit: of up to `longest` frames.
        source: (T, width) features; frames that do not stay do not matter.
        is_kept: (T,) bool.
        longest: frames of a window at most.
        overlap: frames that windows share.
    """
    count = max(1, -(-(len(source) - overlap) // (longest - overlap)))
    step = -(-(len(source) - overlap) // count)
    result = edit(source[:step + overlap], is_kept[:step + overlap], 0)
    rising = ((np.arange(overlap) + 0.5) / overlap)[:, None].astype(source.dtype)
    for window in range(1, count):
        begin = window * step
        past = result[begin:]
        new = slice(begin + len(past), begin + step + overlap)
        made = edit(
            np.concatenate((past, source[new])),
            np.concatenate((np.ones(len(past), dtype=bool), is_kept[new])), window)
        shared = past + rising * (made[:len(past)] - past)
        result = np.concatenate((result[:begin], shared, made[len(past):]))
    return result


def with_kept_frames(
    made: np.ndarray, source: np.ndarray, is_kept: np.ndarray, fade: int
) -> np.ndarray:
    """
    Put a source's own frames where they stay, in place of a generator's rendering of them.

    Args:
        made: (T, width) edited features.
        source: (T, width).
        is_kept: (T,) bool.
        fade: frames over which one passes into the other, inside what is kept.
    """
    frames = np.arange(len(source))
    changed = frames[~is_kept]
    if not len(changed):
        return source.copy()
    distance = np.abs(frames[:, None] - changed).min(axis=1)
    share = np.clip(distance / (fade + 1.0), 0.0, 1.0)[:, None].astype(source.dtype)
    return made + share * (source - made)
