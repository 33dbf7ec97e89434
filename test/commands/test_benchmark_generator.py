# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark generator`: figures beside the reference's, which makes the same motion."""

from __future__ import annotations

import json

from hashed_words import HashedWords
import numpy as np
import pytest

from motion_avatar_ros.commands.benchmark_generator import WithoutKeys
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.generation.random_mosa import write_random_mosa
from motion_avatar_ros.generation.random_scalemogen import write_random_scalemogen
from motion_avatar_ros.generation.text_to_motion import load_generator


@pytest.fixture(autouse=True)
def hashed_words(monkeypatch):
    for module in ('mosa', 'scalemogen'):
        monkeypatch.setattr(
            f'motion_avatar_ros.generation.{module}.text_encoder', lambda name: HashedWords())


@pytest.mark.parametrize('write', [write_random_mosa, write_random_scalemogen])
def test_a_generator_is_timed_beside_itself_without_keys_kept(tmp_path, capsys, write):
    folder = write(tmp_path / 'tiny')
    assert main(['benchmark', 'generator', '--model', str(folder), '--frames', '60', '--runs',
                 '3', '--threads', '1', '--json']) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures['model'] == 'tiny' and figures['frames'] == 60
    assert 0.0 < figures['median_ms'] <= figures['p99_ms']
    assert figures['ratio_to_uncached'] > 0.0


@pytest.mark.parametrize('write', [write_random_mosa, write_random_scalemogen])
def test_the_reference_draws_the_same_motion(tmp_path, write):
    folder = write(tmp_path / 'tiny')
    generator, reference = (load_generator(folder, 'cpu') for _ in range(2))
    reference.sampler.transformer = WithoutKeys(reference.sampler.transformer)
    motions = [each.generate(['walk'], [80], 4)[0] for each in (generator, reference)]
    np.testing.assert_allclose(*motions, atol=1e-4)
