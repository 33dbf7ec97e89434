# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The rate is found soon, through jitter and losses, and the mode does not flap."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.trackers.input_rate import InputRate, RateMode


def stamps(rate_hz, seconds=5.0, jitter_s=0.0, lost=0.0, seed=0):
    """Return the stamps of a stream with uniform jitter and a share of samples lost."""
    random = np.random.default_rng(seed)
    ideal = np.arange(int(seconds * rate_hz)) / rate_hz
    times = ideal + random.uniform(-jitter_s, jitter_s, len(ideal))
    return (times[random.random(len(ideal)) >= lost] * 1e9).astype(np.int64).tolist()


def modes(stream, rate_hz=60.0):
    """Return what the mode is after each sample."""
    mode = RateMode(rate_hz)
    answers = []
    for stamp_ns in stream:
        mode.add(stamp_ns, is_after_gap=False)
        answers.append(mode.is_native)
    return answers


@pytest.mark.parametrize('rate_hz', [10.0, 30.0, 60.0, 90.0, 120.0, 1000.0])
def test_rate_is_right_with_jitter_and_losses(rate_hz):
    rate = InputRate()
    for stamp_ns in stamps(rate_hz, 2.0, jitter_s=0.2 / rate_hz, lost=0.05):
        rate.add(stamp_ns)
    assert rate.rate_hz == pytest.approx(rate_hz, rel=0.04)


def test_no_rate_before_the_second_sample():
    rate = InputRate()
    assert rate.rate_hz is None
    rate.add(1)
    assert rate.rate_hz is None


@pytest.mark.parametrize('rate_hz, is_native', [
    (58.0, True), (59.0, True), (60.0, True), (61.0, True), (62.5, True),
    (30.0, False), (50.0, False), (72.0, False), (90.0, False), (120.0, False)])
def test_mode_is_decided_after_five_intervals_and_stays(rate_hz, is_native):
    answers = modes(stamps(rate_hz))
    assert answers[:5] == [None] * 5
    assert answers[5:] == [is_native] * (len(answers) - 5)


@pytest.mark.parametrize('seed', range(10))
def test_jitter_and_losses_do_not_make_the_mode_flap(seed):
    answers = modes(stamps(60.0, 20.0, jitter_s=0.003, lost=0.03, seed=seed))[5:]
    assert sum(a is not b for a, b in zip(answers, answers[1:])) <= 1
    assert answers[-1] is True


def test_stamps_in_alternating_short_and_long_intervals_are_still_60_hz():
    pairs = np.arange(200) // 2 / 30.0 + np.arange(200) % 2 * 0.001
    assert set(modes((pairs * 1e9).astype(np.int64).tolist())[5:]) == {True}


@pytest.mark.parametrize('rate_hz', [56.0, 57.0, 63.0, 64.0])
def test_rate_at_the_edge_does_not_flap(rate_hz):
    answers = modes(stamps(rate_hz, 30.0, jitter_s=0.001))[5:]
    assert sum(a is not b for a, b in zip(answers, answers[1:])) <= 1


def test_new_rate_after_a_gap_is_taken_up_at_once():
    mode = RateMode(60.0)
    for stamp_ns in stamps(60.0):
        mode.add(stamp_ns, False)
    for index, stamp_ns in enumerate(stamps(30.0, 1.0)):
        mode.add(10 ** 10 + stamp_ns, is_after_gap=index == 0)
        assert mode.is_native is (index < 5)


def test_new_rate_without_a_gap_is_taken_up_within_two_seconds():
    mode = RateMode(60.0)
    for stamp_ns in stamps(60.0):
        mode.add(stamp_ns, False)
    for stamp_ns in stamps(90.0, 2.0):
        mode.add(5 * 10 ** 9 + stamp_ns, False)
    assert mode.is_native is False
