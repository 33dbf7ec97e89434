# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the playback's schedule, with a clock in the test's hands."""

from __future__ import annotations

import pytest

from motion_avatar_ros.trackers.playback_schedule import PlaybackSchedule

MS = 1_000_000
START_NS = 5_000 * MS


@pytest.mark.parametrize('rate_hz', (60.0, 59.94, 90.0, 1000.0))
def test_hours_of_playing_do_not_drift(rate_hz):
    schedule = PlaybackSchedule(rate_hz, START_NS)
    number = round(10 * 3600 * rate_hz)
    assert abs(schedule.due_ns(number) - START_NS - 36_000_000 * MS) <= 1e9 / rate_hz / 2 + 1


def test_late_wakeups_do_not_add_up():
    schedule = PlaybackSchedule(60.0, START_NS)
    now_ns = START_NS
    for expected in range(600):
        now_ns += round(schedule.wait_s(now_ns) * 1e9) + 3 * MS  # each wake-up 3 ms late
        assert schedule.take(now_ns) == expected
    assert now_ns - schedule.due_ns(599) <= 3 * MS + 1


def test_nothing_is_due_before_its_time():
    schedule = PlaybackSchedule(60.0, START_NS + 1000 * MS)
    assert schedule.take(START_NS) is None
    assert schedule.wait_s(START_NS) == pytest.approx(1.0)
    assert schedule.take(START_NS + 1000 * MS) == 0
    assert schedule.take(START_NS + 1000 * MS) is None


def test_short_pause_is_caught_up_and_long_one_skipped():
    schedule = PlaybackSchedule(100.0, START_NS)
    assert schedule.take(START_NS) == 0
    paused_ns = START_NS + 55 * MS
    caught_up = [schedule.take(paused_ns) for _ in range(6)]
    assert caught_up == [1, 2, 3, 4, 5, None]
    assert schedule.skipped == 0
    assert schedule.take(START_NS + 1000 * MS) == 90  # 100 ms late at the most
    assert schedule.skipped == 84


def test_pause_at_a_rate_slower_than_the_allowed_lateness_keeps_the_newest():
    schedule = PlaybackSchedule(2.0, START_NS)
    assert schedule.take(START_NS) == 0
    assert schedule.take(START_NS + 1300 * MS) == 2
    assert schedule.take(START_NS + 1300 * MS) is None


def test_clock_set_back_goes_on_with_the_next_frame():
    schedule = PlaybackSchedule(10.0, START_NS)
    assert schedule.take(START_NS) == 0
    assert schedule.take(START_NS + 100 * MS) == 1
    assert schedule.take(0) is None
    assert schedule.wait_s(0) == pytest.approx(0.1)
    assert schedule.take(100 * MS) == 2
