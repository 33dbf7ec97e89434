# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate-confidence` on a small random model and small data."""

from __future__ import annotations

import json

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import save_motion
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.estimation.model_folder import read_config
from motion_avatar_ros.estimation.random_model import write_random_baseline


@pytest.fixture
def data(tmp_path):
    names = {f'cmu/{name}.npz': 'val' for name in 'abcd'} | {'cmu/t.npz': 'test'}
    (tmp_path / 'data/cmu').mkdir(parents=True)
    for seed, name in enumerate(names):
        save_motion(tmp_path / 'data' / name, swaying_motion(seed, 40))
    (tmp_path / 'data/splits.json').write_text(json.dumps(names))
    return tmp_path / 'data'


def test_a_random_model_learns_to_expect_its_own_errors_and_keeps_its_weights(
    tmp_path, data, capsys
):
    folder = write_random_baseline(tmp_path / 'tiny')
    weights = (folder / 'weights.safetensors').read_bytes()
    assert main([
        'calibrate-confidence', '--model', str(folder), '--data', str(data), '--device', 'cpu',
        '--json']) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert read_config(folder)['confidence'] == result['confidence']
    assert (folder / 'weights.safetensors').read_bytes() == weights
    tables = result['reliability']['head,left_hand,right_hand']
    before, after = (
        np.abs(np.subtract(*np.transpose(tables[when]['lower body']))).mean()
        for when in ('before', 'after'))
    assert after < before


def test_data_without_val_clips_is_refused_and_the_model_unchanged(tmp_path, data, capsys):
    folder = write_random_baseline(tmp_path / 'tiny')
    config = (folder / 'config.yaml').read_bytes()
    (data / 'splits.json').write_text(json.dumps({'cmu/t.npz': 'test', 'cmu/a.npz': 'val'}))
    assert main(
        ['calibrate-confidence', '--model', str(folder), '--data', str(data)]) == 2
    assert 'val' in capsys.readouterr().err
    assert (folder / 'config.yaml').read_bytes() == config
