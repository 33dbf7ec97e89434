# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""splits.json and configurations of strangers: clips and values, or one clear line."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text, mutated_values, random_bytes
import pytest
import yaml

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.training.clips import (
    SPLITS_FILE, DataFolderError, find_clips, present_sets,
)
from motion_avatar_ros.training.configuration import (
    ConfigurationError, TrainingConfig, load_training_config,
)

CONFIGS = Path(__file__).resolve().parents[2] / 'config' / 'training'


def test_fuzzed_splits_give_clips_of_the_folder_or_are_refused(tmp_path):
    folder = tmp_path / 'data'
    outside = tmp_path / 'secret.npz'
    for name in ('cmu/a.npz', 'cmu/b.npz', 'own/c.npz', '../secret.npz'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    values = {'cmu/a.npz': 'train', 'cmu/b.npz': 'test', 'own/c.npz': 'test'}
    seeds = [json.dumps(values, indent=1)]

    def draw(random: Random) -> bytes:
        kind = random.randrange(4)
        if kind == 0:
            changed = mutated_values(random, values)
            name = random.choice(
                (str(outside), '../secret.npz', 'cmu/../../secret.npz', 'x' * 300))
            if isinstance(changed, dict) and random.random() < 0.5:
                changed[name] = 'test'
            return json.dumps(changed, default=str, skipkeys=True).encode()
        if kind == 1:
            return mutated_bytes(random, [seeds[0].encode()], most=2)
        return mutated_text(random, seeds).encode('utf-8', 'surrogatepass') if (
            random.random() < 0.9) else random_bytes(random, (b'{', b'[' * 5000, b'{"a":' * 5000))

    def parse(data: bytes) -> list[Path]:
        (folder / SPLITS_FILE).write_bytes(data)
        present_sets(folder, ('cmu',))
        return find_clips(folder, 'test')

    def check(clips: list[Path]) -> None:
        assert clips and all(
            clip.resolve().is_relative_to(folder.resolve()) for clip in clips), clips

    fuzz('splits.json', draw, parse, (DataFolderError,), 600, check)


@pytest.mark.parametrize('name', ['baseline', 'mage', 'sage'])
def test_a_fuzzed_configuration_is_one_or_is_refused(tmp_path, name):
    text = (CONFIGS / f'{name}.yaml').read_text(encoding='utf-8')
    path = tmp_path / 'run.yaml'

    def draw(random: Random) -> bytes:
        if random.random() < 0.5:
            values = mutated_values(random, yaml.safe_load(text))
            return yaml.safe_dump(values, sort_keys=False).encode('utf-8', 'surrogatepass')
        return mutated_text(random, [text]).encode('utf-8', 'surrogatepass')

    def parse(data: bytes) -> TrainingConfig:
        path.write_bytes(data)
        return load_training_config(path)

    def check(config: TrainingConfig) -> None:
        assert isinstance(config.model, str) and isinstance(config.network, dict)

    assert issubclass(ConfigurationError, MotionAvatarError)
    fuzz(f'training configuration ({name})', draw, parse, (ConfigurationError,), 100, check)
