# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a MoSa has learnt: reconstruction by layers, codes in use, tokens told right.

`python -m motion_avatar_ros.training.mosa_figures MODEL DATA [SPLIT]` prints one JSON object, for
CMU and HDM05 where the data has them. Nothing here needs an evaluator.
"""

from __future__ import annotations

import json
from pathlib import Path
import sys

import numpy as np
import torch

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.mosa import Mosa
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.training.clips import TABLE_SETS, present_sets
from motion_avatar_ros.training.configuration import DataConfig, TrainingConfig
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.mosa_data import MosaData
from motion_avatar_ros.training.mosa_scales import MosaScaleTraining
from motion_avatar_ros.training.mosa_tokens import codes_in_use, reconstruction_cm

_CPU = torch.device('cpu')
_AT_ONCE = 32
_USE_CROPS = 1024


@torch.inference_mode()
def mosa_figures(model: Mosa, data: Path, split: str) -> dict[str, float | list[float]]:
    """
    Measure.

    Args:
        model: on the CPU.
        data: folder of captioned clips; codes in use are those of its training clips.
        split: the clips of the other figures, cut to what is generated at once.

    Returns:
        `reconstruction_cm` by layers, mean distance of joints under the same ground point and
        heading; `codes_used` by layer; `score`, cross-entropy per token given the tokens
        before; `accuracy` of all tokens and by scale.
    """
    sets = present_sets(data, TABLE_SETS)
    config = TrainingConfig('mosa', data=DataConfig(
        source_weights=None if sets is None else dict.fromkeys(sets, 1.0)))
    clips = MosaData(data, config, model.config, split)
    tokenizer = model.network.tokenizer
    figures = MeanFigures()
    layers = len(model.config.codes)
    for batch in clips.validation(1, _CPU):
        tokens = tokenizer.tokens(batch.frames, batch.counts).tokens
        for count in range(1, layers + 1):
            figures.add({str(count): reconstruction_cm(tokenizer, batch, tokens[:count])})
    rng = np.random.default_rng(0)
    drawn = (
        clips.draw(_AT_ONCE, rng, _CPU, 0.0, model.config.longest_frames)
        for _ in range(_USE_CROPS // _AT_ONCE))
    training = MosaScaleTraining(clips, model.config, tokenizer)
    training.build_network(_CPU)
    return {
        'reconstruction_cm': list(figures.means().values()),
        'codes_used': codes_in_use(tokenizer, drawn),
        **training.validate(model.network.transformer, _CPU),
    }


def main(model: str, data: str, split: str = 'test') -> None:
    """Print the figures of a model, a name or a folder."""
    generator = load_generator(model, 'cpu')
    if not isinstance(generator, Mosa):
        raise MotionAvatarError(f"'{generator.name}' is no MoSa")
    sys.stdout.write(json.dumps(mosa_figures(generator, Path(data), split)) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
