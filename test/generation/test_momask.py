# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask as a generator: found by its folder, any length, parts that stay, the command line."""

from __future__ import annotations

import json

from hashed_words import HashedWords
import numpy as np
import pytest
from swaying_motion import swaying_motion
import yaml

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.generation.motion_features import features_from_motion
from motion_avatar_ros.generation.random_momask import write_random_momask
from motion_avatar_ros.generation.text_to_motion import load_generator


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_random_momask(tmp_path_factory.mktemp('models') / 'tiny')


@pytest.fixture(autouse=True)
def hashed_words(monkeypatch):
    monkeypatch.setattr(
        'motion_avatar_ros.generation.momask.text_encoder', lambda name: HashedWords())


def test_a_motion_is_told_by_text_length_and_seed(folder):
    generator = load_generator(folder, 'cpu')
    first = generator.generate(['walk', 'jump'], [80, 230], 7)
    assert [each.shape for each in first] == [(80, 269), (230, 269)]
    assert all(np.isfinite(each).all() for each in first)
    np.testing.assert_array_equal(first[0], generator.generate(['walk', 'jump'], [80, 230], 7)[0])
    for text, seed in (('run', 7), ('walk', 8)):
        assert not np.allclose(first[0], generator.generate([text], [80], seed)[0])


def test_kept_frames_are_rendered_and_what_was_elsewhere_changes_nothing(folder):
    generator = load_generator(folder, 'cpu')
    source = features_from_motion(swaying_motion(0, 300))[:80]
    is_kept = np.arange(80) < 40
    changed = np.where(is_kept[:, None], source, 0.0).astype(np.float32)
    made = [generator.edit(each, is_kept, 'jump', 3) for each in (source, changed)]
    np.testing.assert_array_equal(*made)
    assert made[0].shape == source.shape


def test_a_folder_that_does_not_fit_is_refused_in_one_line(folder, tmp_path):
    config = yaml.safe_load((folder / 'config.yaml').read_text())
    for change in ({'sampler': {'iterations': 0}}, {'network': {'quantizer_layers': 1}},
                   {'network': {'scales': [1, 2]}}):
        (tmp_path / 'config.yaml').write_text(yaml.safe_dump({**config, **change}))
        with pytest.raises(ModelFolderError, match='config.yaml') as refused:
            load_generator(tmp_path, 'cpu')
        assert '\n' not in str(refused.value)
    (tmp_path / 'weights.safetensors').write_bytes((folder / 'weights.safetensors').read_bytes())
    config['network']['width'] = 100_000
    (tmp_path / 'config.yaml').write_text(yaml.safe_dump(config))
    with pytest.raises(ModelFolderError, match='weights do not fit config.yaml'):
        load_generator(tmp_path, 'cpu')


def test_the_command_line_generates_and_times(folder, tmp_path, capsys):
    out = tmp_path / 'motion.npz'
    assert main(['generate', str(folder), '--text', 'walk', '--frames', '60', '--out',
                 str(out)]) == 0
    assert out.exists()
    assert main(['benchmark', 'generator', '--model', str(folder), '--frames', '60', '--runs',
                 '2', '--json']) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert 0.0 < figures['median_ms'] <= figures['p99_ms'] and figures['model'] == 'tiny'
    assert 'ratio_to_uncached' not in figures   # it keeps no keys that could be left out
