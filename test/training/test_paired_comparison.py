# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from motion_avatar_ros.training.confidence import ConfidenceCorrelation
from motion_avatar_ros.training.evaluation import Evaluation
from motion_avatar_ros.training.metrics import METRIC_NAMES, ClipMetrics
from motion_avatar_ros.training.paired_comparison import COMPARED_NAMES, compare, mean_interval


def evaluation(values: Sequence[float | None]) -> Evaluation:
    """All metrics of a clip have its value."""
    clips = tuple(
        ClipMetrics(**dict.fromkeys(METRIC_NAMES, value), frames=60) for value in values)
    return Evaluation('model', clips, clips, ConfidenceCorrelation(None, None))


def test_difference_is_of_the_means_and_in_percent_of_the_other_side():
    one = compare([evaluation([1.0, 8.0])], [evaluation([2.0, 10.0])])['mpjpe_cm']
    assert (one.mean, one.against_mean, one.difference, one.clips) == (4.5, 6.0, -1.5, 2)
    assert one.percent == pytest.approx(-25.0)
    assert list(compare([evaluation([1.0])], [evaluation([1.0])])) == list(COMPARED_NAMES)


def test_clips_are_drawn_in_pairs():
    # Clips differ by far more than the sides do: unpaired draws would drown the difference.
    hard = np.geomspace(1.0, 100.0, 40)
    one = compare([evaluation(0.9 * hard)], [evaluation(hard)])['mpjre_deg']
    assert one.percent_low == pytest.approx(-10.0) and one.percent_high == pytest.approx(-10.0)


def test_interval_has_the_width_that_theory_gives():
    rng = np.random.default_rng(4)
    base = np.full(400, 10.0)
    gain = rng.normal(0.5, 2.0, 400)
    one = compare([evaluation(base - gain)], [evaluation(base)])['mpjpe_cm']
    half = 1.96 * gain.std() / np.sqrt(400)
    assert one.difference_low == pytest.approx(-gain.mean() - half, abs=0.1 * half)
    assert one.difference_high == pytest.approx(-gain.mean() + half, abs=0.1 * half)


def test_interval_of_one_sides_mean_has_the_width_that_theory_gives():
    values = np.random.default_rng(3).normal(5.0, 2.0, 400)
    low, high = mean_interval(values)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(400), rel=0.05)
    assert mean_interval(values[:1]) == (None, None)


def test_sides_without_a_difference_are_not_told_apart():
    rng = np.random.default_rng(5)
    one = compare([evaluation(rng.uniform(1.0, 3.0, 50))], [evaluation(rng.uniform(1.0, 3.0, 50))])
    assert one['mpjpe_cm'].percent_low < 0.0 < one['mpjpe_cm'].percent_high


def test_seeds_are_averaged_within_a_clip_and_their_spread_told():
    seeds = [evaluation([1.0, 3.0]), evaluation([2.0, 4.0]), evaluation([3.0, 5.0])]
    one = compare(seeds, [evaluation([2.0, 4.0])])['mpjpe_cm']
    assert one.difference == one.difference_low == one.difference_high == 0.0
    assert one.seeds_std == pytest.approx(1.0) and one.against_seeds_std is None


def test_clip_without_the_metric_in_one_evaluation_is_left_out_of_both_sides():
    one = compare([evaluation([1.0, None, 3.0]), evaluation([1.0, 2.0, 3.0])],
                  [evaluation([2.0, 90.0, 6.0])])['mpjpe_cm']
    assert (one.clips, one.against_mean) == (2, 4.0)
    assert compare([evaluation([None])], [evaluation([1.0])])['mpjpe_cm'] is None


def test_single_clip_has_no_interval():
    one = compare([evaluation([1.0])], [evaluation([2.0])])['mpjpe_cm']
    assert one.percent == pytest.approx(-50.0)
    assert one.percent_low is one.percent_high is one.difference_low is None


def test_no_percentage_of_what_may_be_zero_or_negative():
    signed = compare([evaluation([-1.0, 5.0])], [evaluation([1.0, 1.0])])['lag_ms']
    assert signed.percent is None and signed.difference == pytest.approx(1.0)
    nothing = compare([evaluation([1.0, 1.0])], [evaluation([0.0, 0.0])])['mpjpe_cm']
    assert nothing.percent is nothing.percent_low is None and nothing.difference == 1.0


def test_same_evaluations_give_the_same_interval_again():
    rng = np.random.default_rng(6)
    ours, theirs = evaluation(rng.uniform(1, 2, 9)), evaluation(rng.uniform(1, 2, 9))
    assert compare([ours], [theirs]) == compare([ours], [theirs])
