# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recorded times are moved by one constant and otherwise kept."""

from __future__ import annotations

import random

import pytest

from motion_avatar_ros.trackers.bag_times import BagTimes

S = 1_000_000_000
RECORDED_NS = 1_700_000_000 * S + 123_456_789
NOW_NS = 1_800_000_000 * S + 987_654_321


def test_differences_and_ages_are_kept_to_the_nanosecond():
    times = BagTimes(RECORDED_NS, RECORDED_NS - 7_654_321, 5 * S, NOW_NS)
    chance = random.Random(0)
    offsets = set()
    for _ in range(1000):
        stamp_ns = RECORDED_NS + chance.randrange(3600 * S)
        offsets.add(times.stamp_ns(stamp_ns) - stamp_ns)
    assert offsets == {NOW_NS - RECORDED_NS}
    assert times.due_ns(RECORDED_NS) == 5 * S
    assert times.due_ns(RECORDED_NS + 3_600_000_000_001) == 5 * S + 3_600_000_000_001
    # A pose that was 7.65 ms old at its reception is so again when it is sent.
    assert NOW_NS - times.stamp_ns(RECORDED_NS - 7_654_321) == 7_654_321


def test_stamps_of_another_clock_begin_at_the_present():
    times = BagTimes(RECORDED_NS, 42 * S, 0, NOW_NS)
    assert times.is_other_clock
    assert times.stamp_ns(42 * S) == NOW_NS
    assert times.stamp_ns(43 * S + 1) == NOW_NS + S + 1
    assert not BagTimes(RECORDED_NS, RECORDED_NS - 2 * S, 0, NOW_NS).is_other_clock


def test_twice_the_speed_halves_stamps_and_pace():
    times = BagTimes(RECORDED_NS, RECORDED_NS, 0, NOW_NS, speed=2.0)
    assert times.due_ns(RECORDED_NS + 10 * S) == 5 * S
    assert times.stamp_ns(RECORDED_NS + 10 * S) == NOW_NS + 5 * S


@pytest.mark.parametrize('speed', [1.0, 0.3])
def test_a_stamp_of_zero_means_none_and_stays(speed):
    assert BagTimes(RECORDED_NS, RECORDED_NS, 0, NOW_NS, speed).stamp_ns(0) == 0


def test_no_stamp_becomes_negative():
    assert BagTimes(RECORDED_NS, RECORDED_NS, 0, 10 * S).stamp_ns(RECORDED_NS - 20 * S) == 0


def test_a_clock_that_is_set_back_is_followed():
    times = BagTimes(RECORDED_NS, RECORDED_NS, 100 * S, 100 * S)
    times.set_back(90 * S)
    assert times.due_ns(RECORDED_NS + S) == times.stamp_ns(RECORDED_NS + S) == 11 * S
