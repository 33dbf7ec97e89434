# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Clips with the sentences that describe them, as motion features.

The captions are in `captions.json` of a data folder: file, as in splits.json, to sentences. Clips
of the training split are whole, for who trains draws crops of them; those of other splits are cut
into what a generator makes at once. Mirrored copies are in the split of their original.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path

import numpy as np

from motion_avatar_ros.body.mirroring import mirrored_text
from motion_avatar_ros.generation.motion_features import FRAME_RATE_HZ
from motion_avatar_ros.training.clip_features import clip_features
from motion_avatar_ros.training.clips import DataFolderError, clip_name, find_clips

CAPTIONS_FILE = 'captions.json'
LEAST_FRAMES = 40
MOST_FRAMES = 196
_WHOLE_SPLIT = 'train'


@dataclass(frozen=True)
class CaptionedClip:
    """
    A clip, or a part of one.

    Attributes:
        name: of its file, relative to the data folder and without the suffix.
        set: the first folder of the name, '' for none.
        features: (T, 269).
        captions: one at least.
        is_mirrored: whether left and right are exchanged, in the captions too.
    """

    name: str
    set: str
    features: np.ndarray
    captions: tuple[str, ...]
    is_mirrored: bool = False


def load_captioned_clips(
    data: str | Path, split: str, sets: Sequence[str] | None = None,
    with_mirrored: bool = False,
) -> list[CaptionedClip]:
    """
    Return the clips of a split that have captions and at least 40 frames at 20 Hz.

    Args:
        data: a data folder, see `clips`, with captions.json.
        split: 'train' gives clips whole, another one at most 196 frames of one at a time.
        sets: names of sets to keep; None keeps all.
        with_mirrored: a mirrored copy behind each clip.

    Raises:
        DataFolderError: no such folder, split or set, unreadable captions, or no clip is left.
    """
    captions = read_captions(data)
    clips = []
    for path in find_clips(data, split, sets):
        said = captions.get(path.relative_to(data).as_posix())
        if not said:
            continue
        name = clip_name(data, path)
        for is_mirrored in (False, True) if with_mirrored else (False,):
            features = clip_features(path, LEAST_FRAMES, is_mirrored)
            if not len(features):
                break
            sentences = tuple(map(mirrored_text, said)) if is_mirrored else tuple(said)
            parts = [features] if split == _WHOLE_SPLIT else _parts(features)
            clips += [
                CaptionedClip(
                    name, name.split('/', 1)[0] if '/' in name else '', part, sentences,
                    is_mirrored)
                for part in parts]
    if not clips:
        raise DataFolderError(
            data, f"no clip of split '{split}' has captions and {LEAST_FRAMES} frames at "
            f'{FRAME_RATE_HZ:g} Hz')
    return clips


def read_captions(data: str | Path) -> dict[str, list[str]]:
    """Return the sentences of each file of a data folder; DataFolderError without any."""
    path = Path(data) / CAPTIONS_FILE
    try:
        captions = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise DataFolderError(
            data, f'no {CAPTIONS_FILE}, which generators of motion from words learn from'
        ) from None
    except (OSError, ValueError) as error:
        raise DataFolderError(data, f'{CAPTIONS_FILE} is not readable JSON ({error})') from None
    if not isinstance(captions, dict) or not all(
            isinstance(said, list) and all(isinstance(each, str) for each in said)
            for said in captions.values()):
        raise DataFolderError(data, f'{CAPTIONS_FILE} must map each file to a list of sentences')
    return captions


def _parts(features: np.ndarray) -> list[np.ndarray]:
    """Cut into equal parts that are as long as they may be."""
    count = -(-len(features) // MOST_FRAMES)
    edges = np.linspace(0, len(features), count + 1).astype(int)
    return [features[begin:end] for begin, end in zip(edges, edges[1:])]
