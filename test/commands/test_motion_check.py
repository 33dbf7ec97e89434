# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo's verdict on a body that is made of words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from motion_avatar_ros.commands.motion_check import MotionFigures
from motion_avatar_ros.ros.stream_checker import StreamReport

STREAM = StreamReport(
    poses=600, invalid=0, output_rate_hz=60.0, longest_gap_ms=20.0, latency_p50_ms=1.0,
    latency_p99_ms=3.0, out_of_order=0, lost=0, max_step_deg=5.0, max_root_step_m=0.02,
    unmatched=0, mpjpe_cm=None, hand_distance_cm=None)
GOOD = MotionFigures(10.0, STREAM, 7.0, 60.0, {
    'failed_pieces': '0', 'late_pieces': '1', 'generation_p50_ms': '102.5',
    'generation_p99_ms': 'none', 'prompt': 'walks'})


def test_a_good_motion_passes_and_is_told():
    assert GOOD.problem is None
    values = GOOD.json_values
    assert values['generation_p50_ms'] == 102.5 and values['generation_p99_ms'] is None
    assert values['late_pieces'] == 1 and values['discarded_pieces'] is None
    assert values['prompt'] == 'walks' and values['way_m'] == 7.0
    assert '60.0 Hz' in GOOD.line and '102.5 ms (p99 -)' in GOOD.line


@pytest.mark.parametrize(('change', 'word'), [
    ({'poses': 0}, 'does not come'), ({'invalid': 2}, '2 messages'),
    ({'out_of_order': 1}, 'not later'), ({'output_rate_hz': 47.9}, 'below 80% of 60')])
def test_each_way_in_which_a_body_does_not_come_is_named(change, word):
    assert word in replace(GOOD, stream=replace(STREAM, **change)).problem


def test_pieces_that_failed_are_told():
    assert '3 pieces' in replace(GOOD, told={'failed_pieces': '3'}).problem
