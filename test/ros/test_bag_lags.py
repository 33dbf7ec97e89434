# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Lags between streams whose delays are known, also where stamps differ and messages lack."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.ros.bag_arrivals import BagArrivals
from motion_avatar_ros.ros.bag_lags import (
    Arrivals, Spread, lags_after_last_ms, lags_ms, largest_gaps, largest_stage, spread,
)
from motion_avatar_ros.ros.lag_report import lag_report

MS, PERIOD_NS = 1_000_000, 16_666_667
COUNT = 120


def stream(delay_ms: float, phase_ms: float = 0.0, count: int = COUNT,
           period_ns: int = PERIOD_NS) -> Arrivals:
    stamps = np.arange(1, count + 1, dtype=np.int64) * period_ns + round(phase_ms * MS)
    return Arrivals(stamps, stamps + round(delay_ms * MS))


def arrivals(body: Arrivals | None, robot: Arrivals | None = None, **trackers: Arrivals):
    return BagArrivals(0, trackers, body, robot, {}, {})


def test_a_body_is_late_by_what_passed_since_its_last_tracker_came():
    trackers = [stream(2.0), stream(5.0), stream(11.0)]
    assert lags_ms(stream(19.0), trackers) == pytest.approx(np.full(COUNT, 8.0))


def test_frames_between_samples_wait_for_the_sample_after_them():
    head = stream(3.0, count=60, period_ns=2 * PERIOD_NS)    # 30 Hz
    between = Arrivals(head.stamps_ns[1:] - PERIOD_NS, head.received_ns[1:] + 4 * MS)
    assert lags_ms(between, [head]) == pytest.approx(np.full(59, 4.0))


def test_a_lost_hand_is_not_waited_for_and_what_has_no_cause_is_left_out():
    head, hand = stream(2.0), stream(2.0)
    hand = Arrivals(np.delete(hand.stamps_ns, np.s_[20:80]),
                    np.delete(hand.received_ns, np.s_[20:80]))
    assert lags_ms(stream(9.0), [head, hand]) == pytest.approx(np.full(COUNT, 7.0))
    assert len(lags_ms(stream(9.0), [])) == 0
    assert len(lags_ms(stream(-500.0), [stream(2.0)])) == 0


def test_a_sample_sent_twice_counts_when_it_came_first():
    head = stream(2.0)
    twice = Arrivals(np.repeat(head.stamps_ns, 2), np.stack(
        [head.received_ns, head.received_ns + 6 * MS], axis=1).ravel())
    assert lags_ms(stream(10.0), [twice]) == pytest.approx(np.full(COUNT, 8.0))


def test_commands_have_no_stamp_and_follow_the_state_before_them():
    robot = stream(30.0)
    commands = Arrivals(np.zeros(COUNT, dtype=np.int64), robot.received_ns + 700_000)
    assert lags_after_last_ms(commands, robot) == pytest.approx(np.full(COUNT, 0.7))
    held = Arrivals(commands.stamps_ns, commands.received_ns + 10 * 1_000_000_000)
    assert len(lags_after_last_ms(held, robot)) == 0    # of no body any more
    assert len(lags_after_last_ms(commands, Arrivals(*np.empty((2, 0), np.int64)))) == 0


def test_spread_and_the_longest_gaps_with_where_they_are():
    assert spread(np.empty(0)) is None
    assert spread(np.arange(101.0)) == Spread(50.0, 99.0, 100.0, 101)
    received_ns = np.array([1_000, 1_010, 1_300, 1_320, 2_020]) * MS
    gaps = largest_gaps(received_ns, begin_ns=900 * MS, count=2)
    assert gaps == [(700.0, pytest.approx(0.42)), (290.0, pytest.approx(0.11))]
    assert largest_gaps(received_ns[:1], 0) == []
    assert largest_stage({}) is None


def test_the_stage_that_adds_most_is_named_and_totals_are_no_stage():
    report = lag_report(arrivals(
        stream(20.0), stream(90.0), head_tracker=stream(12.0), left_hand_tracker=stream(4.0)))
    assert list(report.stages) == [
        'tracker_age.head_tracker', 'tracker_age.left_hand_tracker', 'trackers_to_body',
        'body_to_robot', 'body_age', 'robot_age']
    assert [each.p50_ms for each in report.stages.values()] == pytest.approx(
        [12.0, 4.0, 8.0, 70.0, 20.0, 90.0])
    assert report.largest == 'body_to_robot' and report.notes == ()


def test_poses_that_are_predicted_need_their_shift_and_it_is_asked_for():
    ahead = arrivals(stream(-20.0, phase_ms=40.0), head_tracker=stream(10.0))
    report = lag_report(ahead)
    assert 'trackers_to_body' not in report.stages
    assert any('--stamp-shift-ms' in note for note in report.notes)
    assert any('clocks disagree' in note for note in report.notes)  # of stamps in the future
    assert lag_report(ahead, 40.0).stages['trackers_to_body'].p50_ms == pytest.approx(10.0)


def test_stamps_of_another_clock_have_no_age_but_lags_are_told():
    day_ms = 86_400_000.0
    report = lag_report(arrivals(stream(day_ms + 9.0), head_tracker=stream(day_ms + 2.0)))
    assert list(report.stages) == ['trackers_to_body']
    assert report.stages['trackers_to_body'].p50_ms == pytest.approx(7.0)
    assert sum('different clocks' in note for note in report.notes) == 2


def test_without_a_body_the_age_of_trackers_is_all_there_is_and_that_is_said():
    report = lag_report(arrivals(None, head_tracker=stream(3.0)))
    assert list(report.stages) == ['tracker_age.head_tracker']
    assert report.notes == ('no body was recorded: how late it is cannot be told',)
