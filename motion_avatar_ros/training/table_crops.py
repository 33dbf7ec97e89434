# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The clips that tables of generators of tokens are made of: CMU and HDM05, where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from motion_avatar_ros.networks.frame_tokenizer import ClipSizes
from motion_avatar_ros.training.captioned_crops import CaptionedCrops, ClipBatch
from motion_avatar_ros.training.clips import TABLE_SETS, present_sets
from motion_avatar_ros.training.configuration import DataConfig, TrainingConfig

_CPU = torch.device('cpu')
_AT_ONCE = 32


def table_crops(data: Path, sizes: ClipSizes, split: str) -> CaptionedCrops:
    """Return training clips, and those of a split, of a folder of captioned clips."""
    sets = present_sets(data, TABLE_SETS)
    config = TrainingConfig('', data=DataConfig(
        source_weights=None if sets is None else dict.fromkeys(sets, 1.0)))
    return CaptionedCrops(data, config, sizes, split)


def drawn_crops(clips: CaptionedCrops, sizes: ClipSizes, count: int) -> Iterator[ClipBatch]:
    """Draw so many training clips, the same each time, cut to what is generated at once."""
    rng = np.random.default_rng(0)
    for _ in range(count // _AT_ONCE):
        yield clips.draw(_AT_ONCE, rng, _CPU, 0.0, sizes.longest_frames)
