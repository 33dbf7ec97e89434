# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hazards: a size that is not the one that was timed, a chart that does not show what was."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from motion_avatar_ros.commands import benchmark_scaling
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.commands.scaling_chart import scaling_chart


def test_each_axis_changes_one_size_of_the_shipped_model(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(benchmark_scaling, '_FACTORS', {'window': (0.5,), 'width': (0.5,)})
    monkeypatch.setattr(benchmark_scaling, '_STEPS', (1, 4))
    monkeypatch.setattr(benchmark_scaling, '_OPERATORS', (1, 8))
    chart = tmp_path / 'chart.svg'
    assert main(['benchmark', 'scaling', '--model', 'mage', '--device', 'cpu', '--frames', '5',
                 '--svg', str(chart), '--json']) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    costs = values['median_ms']
    assert set(costs['window']) == {'20'} and set(costs['width']) == {'96'}
    assert costs['steps']['4'] > 1.5 * costs['steps']['1'] > 0.0
    assert values['ratio_of_8_operators_to_1'] == pytest.approx(
        costs['operators']['8'] / costs['operators']['1'], abs=1e-3)
    drawn = {text.text for text in ElementTree.parse(chart).iter(
        '{http://www.w3.org/2000/svg}text')}
    assert {'window', 'width', 'steps', 'operators', '96'} <= drawn


def test_a_higher_cost_is_drawn_higher():
    tree = ElementTree.fromstring(scaling_chart('a <model>', {'steps': {'1': 2.0, '2': 4.0}}))
    heights = [float(circle.get('cy')) for circle in tree.iter(
        '{http://www.w3.org/2000/svg}circle')]
    assert heights[1] < heights[0]
