# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The domain that each ROS test runs in is nobody else's."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
import tempfile

import pytest


def test_the_domain_is_announced_and_stays_on_this_host(ros_domain):
    assert 1 <= ros_domain <= 101
    assert os.environ['ROS_DOMAIN_ID'] == str(ros_domain)
    assert os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'


def test_no_other_run_can_take_the_domain_meanwhile(ros_domain):
    folder = Path(tempfile.gettempdir()) / f'motion_avatar_ros_domains_{os.getuid()}'
    with open(folder / f'{ros_domain}.lock', encoding='utf-8') as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
