# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark generation`: a row for each source, and mistakes told in one line."""

from __future__ import annotations

import json

from hashed_words import HashedWords
import pytest
from random_evaluator import write_captioned_data, write_random_evaluator

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.generation.random_mosa import write_random_mosa
from motion_avatar_ros.generation_evaluation import validity
from motion_avatar_ros.generation_evaluation.source_figures import FIGURES


@pytest.fixture(autouse=True)
def hashed_words(monkeypatch):
    for module in ('generation.mosa', 'generation_evaluation.evaluator',
                   'training.caption_retrieval'):
        monkeypatch.setattr(
            f'motion_avatar_ros.{module}.text_encoder', lambda name: HashedWords())


@pytest.fixture
def data(tmp_path):
    return write_captioned_data(tmp_path / 'data')


def _judged(capsys, *arguments: str) -> tuple[dict, str]:
    assert main(['benchmark', 'generation', *arguments, '--json']) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    return json.loads(last), '\n'.join(lines)


def test_real_trivial_and_generated_motion_are_judged_alike(tmp_path, data, capsys, monkeypatch):
    monkeypatch.setattr(validity, 'DAMAGES', {
        'frames_dropped': (validity.held, (0.5, 1.0))})
    evaluators = ','.join(
        str(write_random_evaluator(tmp_path / f'judge{seed}', seed)) for seed in (1, 2))
    numbers, table = _judged(
        capsys, str(write_random_mosa(tmp_path / 'tiny')), '--data', str(data), '--evaluators',
        evaluators, '--seeds', '2', '--validity')
    rows = numbers['sources']
    assert list(rows) == [
        'real', 'tiny', 'tiny, reconstruction', 'nearest caption', 'random training clip',
        'mean pose', 'real, shuffled in time']
    assert all(set(FIGURES) < set(row) for row in rows.values())
    assert rows['real']['kid']['value'] == pytest.approx(0.0, abs=1e-9)
    assert rows['mean pose']['kid']['value'] > 0.0
    assert rows['mean pose']['jitter_1e2_m_s3']['value'] < 1e-3
    assert rows['random training clip']['nearest_training_cm']['value'] < 0.1
    assert rows['tiny']['seeds'] == 2 and len(rows['tiny']['kid']['by_evaluator']) == 2
    assert rows['tiny']['kid']['low'] <= rows['tiny']['kid']['value']
    assert (numbers['clips'], numbers['captions'], numbers['pool']) == (4, 4, 4)
    assert set(numbers['validity']['faults']) == {'frames_dropped', 'texts_shuffled'}
    assert 'by chance 0.250, 0.500, 0.750' in table and 'seen by' in table


@pytest.mark.parametrize(('arguments', 'told'), [
    (['--evaluators', 'baseline'], 'train text_motion'),
    (['--evaluators', 'nobody'], 'no such folder'),
    (['baseline'], 'makes no motion from words'),
    (['--sets', 'none'], "no set 'none'"),
    (['--seeds', '0'], 'at least 1')])
def test_a_mistake_is_told_in_one_line(tmp_path, data, capsys, arguments, told):
    judge = write_random_evaluator(tmp_path / 'judge')
    given = ['benchmark', 'generation', '--data', str(data), '--evaluators', str(judge),
             *arguments]
    try:
        status = main(given)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_two_models_of_one_name_are_refused(tmp_path, data, capsys):
    models = [str(write_random_mosa(tmp_path / place / 'tiny')) for place in ('a', 'b')]
    judge = write_random_evaluator(tmp_path / 'judge')
    assert main(['benchmark', 'generation', *models, '--data', str(data), '--evaluators',
                 str(judge)]) == 2
    assert 'rename a folder' in capsys.readouterr().err
