# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a ScaleMoGen has learnt: reconstruction by maps, bits in use, bits told right.

`python -m motion_avatar_ros.training.bit_figures MODEL DATA [SPLIT]` prints one JSON object, for
CMU and HDM05 where the data has them. Nothing here needs an evaluator.
"""

from __future__ import annotations

import json
from pathlib import Path
import sys
from typing import Any

import torch

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.scalemogen import ScaleMoGen
from motion_avatar_ros.generation.text_to_motion import load_generator
from motion_avatar_ros.training.frame_tokenizer_training import reconstructions_cm
from motion_avatar_ros.training.scalemogen_bits import bits_set
from motion_avatar_ros.training.scalemogen_maps import MapTraining
from motion_avatar_ros.training.table_crops import drawn_crops, table_crops

_CPU = torch.device('cpu')
_AT_ONCE = 32
_USE_CROPS = 512


@torch.inference_mode()
def bit_figures(model: ScaleMoGen, data: Path, split: str) -> dict[str, Any]:
    """
    Measure.

    Args:
        model: on the CPU.
        data: folder of captioned clips; bits in use are those of its training clips.
        split: the clips of the other figures, cut to what is generated at once.

    Returns:
        `reconstruction_cm` by maps, mean distance of joints under the same ground point and
        heading; `bits_set_least` and `bits_set_most` by map, the share of cells in which the
        rarest and the commonest bit is 1; of the transformer `score`, the cross-entropy of a
        bit given the maps before, and `accuracy` of all bits and by map, where half is chance.
    """
    clips = table_crops(data, model.config, split)
    tokenizer = model.network.tokenizer
    errors_cm = reconstructions_cm(
        tokenizer, clips.validation(_AT_ONCE, _CPU), range(1, len(tokenizer.quantizer) + 1))
    shares = bits_set(tokenizer, drawn_crops(clips, model.config, _USE_CROPS))
    training = MapTraining(clips, model.config, tokenizer)
    training.build_network(_CPU)
    return {
        'reconstruction_cm': list(errors_cm.values()),
        'bits_set_least': shares.min(dim=1).values.tolist(),
        'bits_set_most': shares.max(dim=1).values.tolist(),
        **training.validate(model.network.transformer, _CPU),
    }


def main(model: str, data: str, split: str = 'test') -> None:
    """Print the figures of a model, a name or a folder."""
    generator = load_generator(model, 'cpu')
    if not isinstance(generator, ScaleMoGen):
        raise MotionAvatarError(f"'{generator.name}' is no ScaleMoGen")
    sys.stdout.write(json.dumps(bit_figures(generator, Path(data), split)) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
