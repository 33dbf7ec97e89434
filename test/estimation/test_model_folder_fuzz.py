# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Model folders of strangers: an estimator that gives rotations, or one clear line."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text, mutated_values, odd_value, random_bytes
import pytest
import yaml

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_mage import write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline
from motion_avatar_ros.estimation.random_sage import write_random_sage

CONFIG, WEIGHTS = 'config.yaml', 'weights.safetensors'
_DTYPES = ('F64', 'F32', 'F16', 'BF16', 'I64', 'I8', 'U8', 'BOOL', 'F8_E4M3', 'F4', 'C64', 'X')


def lying_weights(random: Random, data: bytes) -> bytes:
    """Return a safetensors file whose header tells something else of its tensors."""
    size = int.from_bytes(data[:8], 'little')
    header: dict[str, Any] = json.loads(data[8:8 + size])
    for _ in range(random.randint(1, 2)):
        name = random.choice([name for name in header if name != '__metadata__'])
        entry = header[name]
        kind = random.randrange(6)
        if not isinstance(entry, dict) or kind == 0:
            header[name] = odd_value(random)
        elif kind == 1:
            entry['dtype'] = random.choice(_DTYPES)
        elif kind == 2:
            entry['shape'] = random.choice((
                [], [0], [2 ** 40], [2 ** 62, 4], [-1], [1.5], 'x', [1, entry['shape']]))
        elif kind == 3:
            entry['data_offsets'] = random.choice(([0, 2 ** 60], [8, 4], [0, 0], [0], [-1, 3]))
        elif kind == 4:
            header[f'{name}.row_scale'] = header.pop(name)
        else:
            header[random.choice(list(header))] = header.pop(name)
    try:
        text = json.dumps(header, default=str).encode('utf-8', 'surrogatepass')
    except (TypeError, ValueError):     # a key that JSON has not
        text = b'{"a": NaN}'
    length = random.choice((len(text), len(text), len(text) - 1, 2 ** 40, 0))
    return length.to_bytes(8, 'little') + text + data[8 + size:]


@pytest.mark.parametrize(('write', 'tries'), [
    (write_random_baseline, 160), (write_random_mage, 80), (write_random_sage, 80)],
    ids=['baseline', 'mage', 'sage'])
def test_a_fuzzed_model_folder_gives_rotations_or_is_refused(tmp_path, write, tries):
    folder: Path = write(tmp_path / 'model')
    text = (folder / CONFIG).read_text(encoding='utf-8')
    weights = (folder / WEIGHTS).read_bytes()

    def draw(random: Random) -> tuple[bytes, bytes]:
        kind = random.randrange(5)
        if kind == 0:
            return text.encode(), lying_weights(random, weights)
        if kind == 1:
            return text.encode(), mutated_bytes(random, [weights], most=2) if (
                random.random() < 0.9) else random_bytes(random, (b'', b'\x10' + bytes(7)))
        if kind == 2:
            return mutated_text(random, [text]).encode('utf-8', 'surrogatepass'), weights
        values = mutated_values(random, yaml.safe_load(text))
        return yaml.safe_dump(values).encode('utf-8', 'surrogatepass'), weights

    def parse(given: tuple[bytes, bytes]) -> PoseEstimator:
        for name, data in zip((CONFIG, WEIGHTS), given, strict=True):
            (folder / name).write_bytes(data)
        estimator = PoseEstimator.load(folder, 'cpu')
        estimator.warm_up()
        return estimator

    def check(estimator: PoseEstimator) -> None:
        assert estimator.tracker_names[0] == 'head' and 1.0 <= estimator.rate_hz <= 1000.0

    fuzz(f'model folder ({folder.name} of {write.__name__})', draw, parse, (ModelFolderError,),
         tries, check)
