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

import torch

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.momask import Momask
from motion_avatar_ros.generation.mosa import Mosa
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.generation.token_generator import TokenGenerator
from motion_avatar_ros.networks.motion_tokenizer import MotionTokenizer
from motion_avatar_ros.training.frame_tokenizer_training import reconstructions_cm
from motion_avatar_ros.training.momask_training import MOMASK
from motion_avatar_ros.training.mosa_training import MOSA
from motion_avatar_ros.training.table_crops import drawn_crops, table_crops
from motion_avatar_ros.training.tokenizer_training import codes_in_use

_MODELS = {Momask: MOMASK, Mosa: MOSA}
_CPU = torch.device('cpu')
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
    clips = table_crops(data, model.config, split)
    tokenizer = cast(MotionTokenizer, model.tokenizer)
    errors_cm = reconstructions_cm(
        tokenizer, clips.validation(1, _CPU), range(1, len(tokenizer.quantizer) + 1))
    found: dict[str, Any] = {
        'reconstruction_cm': list(errors_cm.values()),
        'codes_used': codes_in_use(
            tokenizer, drawn_crops(clips, model.config, _USE_CROPS))}
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
