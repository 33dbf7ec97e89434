# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark mesh` over real DDS, between two processes."""

from __future__ import annotations

import json

import pytest

pytest.importorskip('rclpy', reason='needs rclpy')

from motion_avatar_ros.commands.main import main  # noqa: E402


def test_bytes_are_far_faster_than_points_and_all_arrive(capsys, ros_domain):
    assert main(['benchmark', 'mesh', '--seconds', '3', '--json']) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values['triangles'] == 13_776 and values['sent'] == 180
    assert values['ratio_to_points'] > 20.0     # 60 and more where nothing else runs
    assert values['received'] >= 100 and 0.0 < values['latency_p50_ms'] < 100.0
