# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the rows of avatar_node's table mean together."""

from __future__ import annotations

from pathlib import Path

from motion_avatar_ros.nodes.avatar_parameters import AVATAR_PARAMETERS, operators_folder
from motion_avatar_ros.ros.parameters import settings
from motion_avatar_ros.trackers.floor_watch import FloorSettings
from motion_avatar_ros.trackers.gate import GateLimits
from motion_avatar_ros.trackers.one_euro import OneEuroSettings
from motion_avatar_ros.trackers.swap import SwapSettings

DEFAULTS = {parameter.name: parameter.default for parameter in AVATAR_PARAMETERS}


def test_rows_reach_what_they_are_for():
    assert settings(GateLimits, 'gate', DEFAULTS) == GateLimits()
    assert settings(SwapSettings, 'swap', DEFAULTS) == SwapSettings()
    assert settings(FloorSettings, 'floor', DEFAULTS) == FloorSettings()
    changed = settings(GateLimits, 'gate', DEFAULTS | {'gate.max_age_s': 3.0})
    assert changed == GateLimits(max_age_s=3.0)


def test_nothing_is_smoothed_unless_asked_for():
    assert settings(OneEuroSettings, 'filter', DEFAULTS).is_off
    asked = {'filter.min_cutoff_hz': 3.0, 'filter.rotation_min_cutoff_hz': 3.0}
    assert settings(OneEuroSettings, 'filter', DEFAULTS | asked) == OneEuroSettings()


def test_operators_are_kept_under_ros_home(monkeypatch):
    monkeypatch.setenv('ROS_HOME', '/somewhere')
    assert operators_folder(DEFAULTS) == Path('/somewhere/motion_avatar_ros/operators')
    assert operators_folder(DEFAULTS | {'operators_folder': '/mine'}) == Path('/mine')
