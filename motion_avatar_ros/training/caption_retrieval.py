# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The recordings of a data folder as a generator of motion from words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from motion_avatar_ros.generation.nearest_caption import NearestCaption
from motion_avatar_ros.generation.text_encoder import text_encoder
from motion_avatar_ros.training.captioned_clips import load_captioned_clips
from motion_avatar_ros.training.clips import TRAINING_SETS, has_splits, present_sets


def nearest_caption(
    data: str | Path, sets: Sequence[str] | None = None, encoder: str = 'minilm',
    split: str = 'train',
) -> NearestCaption:
    """
    Return a generator of the clips of a data folder.

    Args:
        data: folder with captions.json; one without splits.json is used whole.
        sets: names of sets; None takes those that shipped weights are trained on.
        encoder: name of the text encoder.
        split: of the folder.

    Raises:
        DataFolderError: no such folder, or no clip with a caption in it.
        TextEncoderError: the encoder is not there.
    """
    if sets is None and has_splits(data):
        sets = present_sets(data, TRAINING_SETS)
    clips = load_captioned_clips(data, split, sets)
    return NearestCaption(
        [clip.captions for clip in clips], [clip.features for clip in clips],
        text_encoder(encoder))
