# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The one line that an operator is told about a calibration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from motion_avatar_ros.trackers.calibration import Calibration, TrackerFit, TrackerOffset
from motion_avatar_ros.trackers.calibration_verdict import verdict
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

FIT = TrackerFit(0.002, 0.01, 0.02, 0.1)
GOOD = Calibration(
    offsets={name: TrackerOffset() for name in TRACKER_NAMES}, height_std_m=0.02,
    fits=dict.fromkeys(TRACKER_NAMES, FIT))


def test_verdict_says_size_arms_floor_offsets_and_quality_in_one_line():
    text = verdict(GOOD, True).verdict
    assert text == (
        'height 1.71 m (+-2 cm), arms in proportion, floor as given; head 0.0 cm / 0 deg, '
        'left hand 0.0 cm / 0 deg, right hand 0.0 cm / 0 deg from the device: good')
    odd = verdict(replace(GOOD, arm_scale=0.95, floor_m=-0.4), False).verdict
    assert 'arms 5 % shorter than in proportion' in odd
    assert 'floor at -0.40 m, not where the trackers have it' in odd


@pytest.mark.parametrize('worse', [
    {'height_std_m': 0.03}, {'fits': {'head': replace(FIT, position_std_m=0.08)}}])
def test_verdict_of_an_uncertain_calibration_asks_for_another(worse):
    assert verdict(replace(GOOD, **worse), True).verdict.endswith('do it again for a better one')


def test_feet_are_never_known_well_and_do_not_make_a_verdict_worse():
    fits = {**GOOD.fits, 'left_foot': replace(FIT, position_std_m=0.07)}
    assert verdict(replace(GOOD, fits=fits), True).verdict.endswith(': good')
