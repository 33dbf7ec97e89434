# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo's verdict on what was measured."""

from __future__ import annotations

from dataclasses import replace
import math

import pytest

from motion_avatar_ros.commands.follow_check import FollowFigures

GOOD = FollowFigures(
    measured_s=10.0, inputs=600, expected=600, poses=600, invalid=0, out_of_order=0,
    input_rate_hz=60.0, output_rate_hz=60.0, latency_p50_ms=5.0, latency_p99_ms=9.0,
    hand_distance_cm=4.0, mpjpe_cm=6.0)


def test_good_figures_and_an_unknown_truth_pass():
    assert GOOD.problem is None
    assert replace(GOOD, mpjpe_cm=None).problem is None


@pytest.mark.parametrize(('change', 'word'), [
    ({'poses': 479}, '479 of 600'),
    ({'poses': 0, 'hand_distance_cm': None, 'mpjpe_cm': None}, '0 of 600'),
    ({'hand_distance_cm': 20.1}, '20.1 cm'),
    ({'hand_distance_cm': math.nan}, 'nan'),
    ({'mpjpe_cm': 15.1}, '15.1 cm'),
    ({'mpjpe_cm': math.nan}, 'nan'),
    ({'mpjpe_cm': 6.6, 'max_mpjpe_cm': 6.5}, '6.5 cm'),
    ({'invalid': 1}, 'finite'),
    ({'inputs': 0, 'expected': 0, 'poses': 0}, 'no tracker samples'),
])
def test_each_way_of_not_following_is_named(change, word):
    assert word in replace(GOOD, **change).problem


def test_dropped_counts_poses_that_never_came_and_resampling_up_drops_none():
    assert replace(GOOD, poses=590).dropped == 10
    assert replace(GOOD, poses=700).dropped == 0
