# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of trials are whole in the tables and in JSON, in centimetres and degrees."""

from __future__ import annotations

from dataclasses import replace
import json
import math

import numpy as np
import pytest

from motion_avatar_ros.trackers.calibration import Calibration
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.training.calibration_takes import planted_operator
from motion_avatar_ros.training.calibration_trials import (
    Misses, OperatorTrials, Recovery, TAKE_KINDS,
)
from motion_avatar_ros.training.calibration_trials_report import trials_numbers, trials_report


def recovery(number):
    """Return the one of five operators that is missed by so many times 1 cm and 1 degree."""
    misses = Misses(
        -0.01 * number, np.array([0.01, 0.02, 0.0]) * number, np.radians([1.0, 2.0, 0.0]) * number)
    planted = replace(misses, height_m=0.001 * number, positions_m=0.1 * misses.positions_m)
    refused = ('the arms were bent',) if number == 2 else ()
    return Recovery(
        planted_operator(np.random.default_rng(number), 3), Calibration(), refused, misses,
        planted)


@pytest.fixture
def trials():
    recoveries = tuple(recovery(number) for number in range(5))
    return OperatorTrials(
        TRACKER_NAMES, {kind: recoveries for kind in TAKE_KINDS}, 4.25, 11.5,
        {kind: 5.0 + number for number, kind in enumerate(TAKE_KINDS)})


def numbers_in(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers_in(inner)
    else:
        yield value


def test_numbers_are_json_and_finite(trials):
    numbers = trials_numbers(trials)
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    assert all(type(value) in (int, float) and math.isfinite(value)
               for value in numbers_in(numbers))


def test_numbers_are_of_every_kind_of_take_and_every_tracker(trials):
    numbers = trials_numbers(trials)
    assert numbers['mpjpe_cm'] == {'undisturbed': 4.25, 'uncalibrated': 11.5}
    assert tuple(numbers['takes']) == tuple(TAKE_KINDS)
    for number, values in enumerate(numbers['takes'].values()):
        assert values['calibrated_mpjpe_cm'] == 5.0 + number
        assert (values['count'], values['refused_takes']) == (5, 1)
        for which in ('absolute', 'of_what_was_planted'):
            assert set(values[which]) == {'height_cm'} | {
                f'{name}_{unit}' for name in TRACKER_NAMES for unit in ('cm', 'deg')}


def test_spreads_are_of_sizes_with_their_limits(trials):
    absolute = trials_numbers(trials)['takes']['as asked']['absolute']
    assert absolute['height_cm'] == pytest.approx(
        {'median': 2.0, 'p90': 3.6, 'max': 4.0, 'limit': 2.0, 'share_within': 0.6})
    assert absolute['left_hand_cm'] == pytest.approx(
        {'median': 4.0, 'p90': 7.2, 'max': 8.0, 'limit': 2.0, 'share_within': 0.4})
    assert absolute['left_hand_deg'] == pytest.approx(
        {'median': 4.0, 'p90': 7.2, 'max': 8.0, 'limit': 5.0, 'share_within': 0.6})
    assert absolute['right_hand_deg']['share_within'] == 1.0


def test_two_sorts_of_errors_are_not_mixed_up(trials):
    planted = trials_numbers(trials)['takes']['as recorded']['of_what_was_planted']
    assert planted['height_cm']['max'] == pytest.approx(0.4)
    assert planted['left_hand_cm']['max'] == pytest.approx(0.8)


def test_report_has_a_table_of_every_kind_and_sort(trials):
    text = trials_report(trials)
    assert text.endswith('\n')
    for kind in TAKE_KINDS:
        for sort in ('absolute', 'of what was planted'):
            assert f'5 planted operators, takes {kind} (refused: 1), errors {sort}' in text
        assert f'mpjpe_cm calibrated, {kind}' in text
    lines = text.splitlines()
    heights = [line.split() for line in lines if line.startswith('height_cm')]
    assert len(heights) == 2 * len(TAKE_KINDS)
    assert heights[0] == ['height_cm', '2.00', '3.60', '4.00', '60', '%', '(2)']
    assert ['mpjpe_cm', 'undisturbed', '4.250'] in map(str.split, lines)
    assert ['mpjpe_cm', 'uncalibrated', '11.500'] in map(str.split, lines)
    assert max(map(len, lines)) < 100


def test_one_operator_alone_has_a_spread(trials):
    one = replace(trials, recoveries={
        kind: found[1:2] for kind, found in trials.recoveries.items()})
    spread = trials_numbers(one)['takes']['as asked']['absolute']['head_cm']
    assert spread['median'] == spread['p90'] == spread['max'] == pytest.approx(1.0)
