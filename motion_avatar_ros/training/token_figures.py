# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a generator of tokens has learnt: reconstruction by layers, codes in use, tokens told right.

`python -m motion_avatar_ros.training.token_figures MODEL DATA [SPLIT]` prints one JSON object, for
CMU and HDM05 where the data has them. Nothing here needs an evaluator.
"""

from __future__ import annotations

import json
from pathlib import Path
import sys
from typing import Any, cast

import numpy as np
import torch

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.momask import Momask
from motion_avatar_ros.generation.mosa import Mosa
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.generation.token_generator import TokenGenerator
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.training.captioned_crops import CaptionedCrops
from motion_avatar_ros.training.clips import TABLE_SETS, present_sets
from motion_avatar_ros.training.configuration import DataConfig, TrainingConfig
from motion_avatar_ros.training.mean_figures import MeanFigures
from motion_avatar_ros.training.momask_training import MOMASK
from motion_avatar_ros.training.mosa_training import MOSA
from motion_avatar_ros.training.tokenizer_training import codes_in_use, reconstruction_cm

_MODELS = {Momask: MOMASK, Mosa: MOSA}
_CPU = torch.device('cpu')
_AT_ONCE = 32
_USE_CROPS = 1024


@torch.inference_mode()
def token_figures(model: TokenGenerator, data: Path, split: str) -> dict[str, Any]:
    """
    Measure.

    Args:
        model: on the CPU.
        data: folder of captioned clips; codes in use are those of its training clips.
        split: the clips of the other figures, cut to what is generated at once.

    Returns:
        `reconstruction_cm` by layers, mean distance of joints under the same ground point and
        heading; `codes_used` by layer; of each stage after the tokeniser what its training
        measures: `score`, cross-entropy per token given others, and `accuracy` in parts.
    """
    sets = present_sets(data, TABLE_SETS)
    config = TrainingConfig('', data=DataConfig(
        source_weights=None if sets is None else dict.fromkeys(sets, 1.0)))
    clips = CaptionedCrops(data, config, model.config, split)
    tokenizer = cast(MotionTokenizer, model.tokenizer)
    figures = MeanFigures()
    layers = len(tokenizer.quantizer)
    for batch in clips.validation(1, _CPU):
        tokens = tokenizer.tokens(batch.frames, batch.counts).tokens
        for count in range(1, layers + 1):
            figures.add({str(count): reconstruction_cm(tokenizer, batch, tokens[:count])})
    rng = np.random.default_rng(0)
    drawn = (
        clips.draw(_AT_ONCE, rng, _CPU, 0.0, model.config.longest_frames)
        for _ in range(_USE_CROPS // _AT_ONCE))
    found: dict[str, Any] = {
        'reconstruction_cm': list(figures.means().values()),
        'codes_used': codes_in_use(tokenizer, drawn)}
    for stage, training_of in _MODELS[type(model)].stages.items():
        training = training_of(clips, model.config, tokenizer)
        training.build_network(_CPU)
        found[stage] = training.validate(model.network.get_submodule(stage), _CPU)
    return found


def main(model: str, data: str, split: str = 'test') -> None:
    """Print the figures of a model, a name or a folder."""
    generator = load_generator(model, 'cpu')
    if not isinstance(generator, TokenGenerator):
        raise MotionAvatarError(f"'{generator.name}' writes no tokens")
    sys.stdout.write(json.dumps(token_figures(generator, Path(data), split)) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
