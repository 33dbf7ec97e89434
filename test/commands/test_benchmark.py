# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark estimator`: figures beside the reference's, also for a preset nobody trained."""

from __future__ import annotations

import json

import pytest

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.estimation.random_mage import write_random_mage


def test_a_model_is_timed_beside_the_baseline(tmp_path, capsys):
    folder = write_random_mage(tmp_path / 'tiny')
    assert main(['benchmark', 'estimator', '--model', str(folder), '--frames', '20', '--json',
                 '--device', 'cpu']) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures['model'] == 'tiny' and figures['frames'] == 20
    assert 0.0 < figures['median_ms'] <= figures['p99_ms']
    assert figures['ratio_to_baseline'] > 0.0 and figures['ratio_to_eager'] > 0.0
    assert figures['backend'] in ('onnx', 'torch')


@pytest.mark.parametrize('model', ['mage', 'sage'])
def test_an_untrained_preset_says_so_in_its_name(capsys, model):
    assert main(['benchmark', 'estimator', '--model', model, '--untrained', 'live',
                 '--frames', '1', '--device', 'cpu']) == 0
    assert f'{model}-live-untrained' in capsys.readouterr().out


@pytest.mark.parametrize('arguments, told', [
    (['--model', 'mage', '--untrained', 'huge'], 'known: live, paper'),
    (['--model', 'baseline', '--untrained', 'paper'], 'allowed: mage, sage'),
])
def test_an_unknown_preset_is_refused_with_the_known_ones(capsys, arguments, told):
    assert main(['benchmark', 'estimator', *arguments]) == 2
    assert told in capsys.readouterr().err
