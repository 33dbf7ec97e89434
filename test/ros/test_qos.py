# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""No queue of the middleware grows: all keep the last few messages."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
from rclpy.qos import HistoryPolicy, QoSProfile  # noqa: E402

from motion_avatar_ros.ros import qos  # noqa: E402

PACKAGE = Path(qos.__file__).parents[1]


def test_every_profile_keeps_the_last_few():
    profiles = {name: value for name, value in vars(qos).items() if isinstance(value, QoSProfile)}
    assert len(profiles) >= 8
    assert {name for name, profile in profiles.items() if (
        profile.history is not HistoryPolicy.KEEP_LAST or not 1 <= profile.depth <= 100)} == set()
    assert QoSProfile(depth=2000).history is HistoryPolicy.KEEP_LAST  # the recorder's


def test_nobody_asks_to_keep_all():
    sources = {path.name: path.read_text(encoding='utf-8') for path in PACKAGE.rglob('*.py')}
    assert [name for name, text in sources.items() if 'KEEP_ALL' in text] == []
