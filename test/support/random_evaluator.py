# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An evaluator with random weights, and data so small that it judges it in no time."""

from __future__ import annotations

from dataclasses import asdict
import json
from pathlib import Path

from swaying_motion import swaying_motion
import torch

from motion_avatar_ros.body.motion import save_motion
from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.networks.text_motion import TextMotionConfig, TextMotionNetwork

CAPTIONS = ('a person walks', 'a person runs', 'a person jumps', 'a person kicks')


def write_random_evaluator(folder: Path, seed: int = 0) -> Path:
    """Write the folder; its vectors mean nothing."""
    config = TextMotionConfig(width=16, embedding=8)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        write_model_folder(
            folder, {'architecture': 'text_motion', 'rate_hz': 20.0, 'network': asdict(config)},
            TextMotionNetwork(config))
    return folder


def write_captioned_data(folder: Path, captions: tuple[str, ...] = CAPTIONS) -> Path:
    """Write a clip of each caption for train, val and test."""
    splits, said = {}, {}
    for number, split in enumerate(('train', 'val', 'test')):
        for place, caption in enumerate(captions):
            name = f'cmu/{split}_{place}.npz'
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            motion = swaying_motion(10 * number + place, 44 + 4 * place, 20.0)
            save_motion(folder / name, motion)
            splits[name], said[name] = split, [caption]
    (folder / 'splits.json').write_text(json.dumps(splits))
    (folder / 'captions.json').write_text(json.dumps(said))
    return folder
