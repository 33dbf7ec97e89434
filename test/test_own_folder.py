# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where the user's own files are."""

from __future__ import annotations

from pathlib import Path

from motion_avatar_ros.own_folder import own_folder


def test_folder_follows_ros_home(tmp_path, monkeypatch):
    monkeypatch.setenv('ROS_HOME', str(tmp_path))
    assert own_folder() == tmp_path / 'motion_avatar_ros'
    monkeypatch.delenv('ROS_HOME')
    monkeypatch.setenv('HOME', '/nowhere')
    assert own_folder() == Path('/nowhere/.ros/motion_avatar_ros')
