# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hazards of a benchmark of lag: figures of nodes that do not run, or of another time."""

from __future__ import annotations

import json
import os
import time

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
pytest.importorskip('mujoco', reason='MuJoCo is not installed')
pytest.importorskip('pinocchio', reason='pinocchio is not installed')
pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs')
pytest.importorskip('viser', reason='needs viser')

from motion_avatar_ros.commands.main import main  # noqa: E402
from motion_avatar_ros.commands.process_usage import ProcessUsage, gpu_usage  # noqa: E402


def test_all_nodes_run_and_each_lag_is_that_of_the_trackers(ros_domain, capsys):
    assert main([
        'benchmark', 'end-to-end', '--model', 'baseline', '--form', 'composed', '--seconds', '2',
        '--json']) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    form, floor = values['composed'], values['floor']
    assert form['device'] == 'cpu' and form['model'] == 'baseline'
    for key in ('latency', 'robot', 'command'):
        assert 0.0 < form[f'{key}_p50_ms'] <= form[f'{key}_p99_ms'] <= form[f'{key}_max_ms']
    # What comes later on the way is later, and an echo is before all of it.
    assert floor['latency_p50_ms'] < form['latency_p50_ms'] < form['robot_p50_ms']
    stages = form['avatar_stages_ms']
    assert 0.0 < stages['inference_p50'] < stages['input_to_publish_p99']
    assert values['latency_p50_ms'] == form['latency_p50_ms']
    assert form['processor_percent']['composed_nodes'] > 1.0
    assert form['memory_mb']['composed_nodes'] > 50.0


def test_a_robot_that_is_not_there_is_said_before_anything_starts(capsys):
    started_s = time.monotonic()
    assert main(['benchmark', 'end-to-end', '--robot', 'nobody']) == 2
    assert "'nobody'" in capsys.readouterr().err
    assert time.monotonic() - started_s < 10.0


def test_processor_time_is_that_since_the_beginning_and_of_that_process():
    busy_until_s = time.monotonic() + 0.3
    usage = ProcessUsage({'this': os.getpid(), 'first': 1})
    while time.monotonic() < busy_until_s:
        pass
    percent = usage.processor_percent()
    assert percent['this'] > 5.0 * max(percent['first'], 1.0)
    assert usage.memory_mb()['this'] > 10.0


def test_without_a_gpu_nothing_is_made_up(monkeypatch):
    monkeypatch.setenv('PATH', '/nowhere')
    assert gpu_usage() is None
