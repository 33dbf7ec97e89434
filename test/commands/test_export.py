# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`export`: a file that runs, and lines for what is wrong."""

from __future__ import annotations

import json

import pytest

from motion_avatar_ros.commands.main import main
from motion_avatar_ros.estimation import backend
from motion_avatar_ros.estimation.random_mage import write_random_mage


@pytest.fixture
def folder(tmp_path):
    return write_random_mage(tmp_path / 'tiny')


def test_a_model_becomes_a_file_with_its_steps_and_streams(folder, tmp_path, capsys):
    pytest.importorskip('onnx')
    runner = pytest.importorskip('motion_avatar_ros.estimation.onnx_runner')
    out = tmp_path / 'tiny.onnx'
    assert main(['export', '--model', str(folder), '--format', 'onnx', '--streams', '2',
                 '--sampler-steps', '1', str(out), '--json']) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told['bytes'] == out.stat().st_size and told['largest_difference'] < 1e-4
    assert runner.OnnxRunner(out).streams == 2


@pytest.mark.parametrize(('words', 'arguments'), [
    ('OUT', ['--model', 'mage', 'mage.txt']),
    ('OUT', ['--model', 'mage', 'no_such_folder/mage.onnx']),
    ('no such folder', ['--model', 'nobody', 'mage.onnx']),
    ('has no sampler', ['--model', 'baseline', '--sampler-steps', '3', 'mage.onnx']),
])
def test_a_mistake_gets_one_line_and_no_file(tmp_path, monkeypatch, capsys, words, arguments):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backend, 'find_spec', lambda name: object())
    assert main(['export', *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count('\n') == 1
    assert list(tmp_path.iterdir()) == []


def test_without_onnx_it_says_what_to_install(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(backend, 'find_spec', lambda name: None)
    assert main(['export', '--model', str(folder), str(tmp_path / 'tiny.onnx')]) == 2
    assert 'pip install onnx onnxruntime' in capsys.readouterr().err
