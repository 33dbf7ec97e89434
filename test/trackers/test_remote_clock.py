# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The clock of a headset over links that jitter, are unequal, stall, and clocks that step."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.trackers.remote_clock import RemoteClock

S = 1_000_000_000
START_NS = 5_000 * S  # local steady time when the remote clock shows 0


class Link:
    """A simulated pair of clocks and the link between them."""

    def __init__(self, seed: int, base_ms: float, jitter_ms: float, up_share: float = 0.5,
                 drift_ppm: float = 0.0) -> None:
        self._random = np.random.default_rng(seed)
        self._base_ms, self._jitter_ms, self._up_share = base_ms, jitter_ms, up_share
        self._rate = 1.0 + 1e-6 * drift_ppm  # local seconds per remote second
        self.lost_s = 0.0  # local time in which the remote clock stood still

    def remote_ms(self, local_ns: int) -> float:
        return ((local_ns - START_NS) / S - self.lost_s) / self._rate * 1000.0

    def ways_ns(self) -> tuple[int, int]:
        base, jitter = self._base_ms, self._random.exponential(self._jitter_ms, 2)
        down = base * (1.0 - self._up_share) + jitter[0]
        up = base * self._up_share + jitter[1]
        return round(down * 1e6), round(up * 1e6)

    def exchange(self, clock: RemoteClock, sent_ns: int) -> None:
        down, up = self.ways_ns()
        assert clock.add(sent_ns, self.remote_ms(sent_ns + down), sent_ns + down + up)


def run(clock: RemoteClock, link: Link, start_s: float, seconds: float) -> tuple[list, list]:
    """Exchange at 4 Hz and map frames at 72 Hz; return their errors [s] and what was answered."""
    errors, answers = [], []
    next_exchange_ns = START_NS + round(start_s * S)
    for now_ns in range(next_exchange_ns, next_exchange_ns + round(seconds * S), S // 72):
        if now_ns >= next_exchange_ns:
            link.exchange(clock, now_ns)
            next_exchange_ns += S // 4
        if (mapped_ns := clock.local_ns(link.remote_ms(now_ns), now_ns + S)) is not None:
            errors.append((mapped_ns - now_ns) / S)
            answers.append(mapped_ns)
    return errors, answers


@pytest.mark.parametrize('base_ms, jitter_ms, up_share', [
    (0.3, 0.2, 0.5), (4.0, 6.0, 0.5), (4.0, 20.0, 0.8), (30.0, 15.0, 0.1)])
@pytest.mark.parametrize('drift_ppm', [0.0, 60.0, -60.0])
def test_error_stays_within_the_bound_on_jittering_unequal_links(
        base_ms, jitter_ms, up_share, drift_ppm):
    clock = RemoteClock()
    link = Link(1, base_ms, jitter_ms, up_share, drift_ppm)
    for second in range(90):
        errors, _ = run(clock, link, second, 1.0)
        assert abs(errors[-1]) <= clock.error_s
    assert clock.steps == 0
    assert clock.error_s < 0.5e-3 * base_ms + 0.2e-3 * jitter_ms + 0.5e-3  # it is no loose bound
    assert abs(errors[-1]) < 0.5e-3 * base_ms + 1.5e-3


def test_a_slow_drift_is_measured_and_taken_out():
    clock, link = RemoteClock(), Link(2, 1.0, 1.0, 0.5, 70.0)
    run(clock, link, 0.0, 120.0)
    assert clock.drift_ppm == pytest.approx(70.0, abs=15.0)
    # Ten seconds later, without any further exchange, the drift alone would be 0.7 ms.
    now_ns = START_NS + 130 * S
    mapped_ns = clock.local_ns(link.remote_ms(now_ns), now_ns + S)
    assert abs(mapped_ns - now_ns) < 0.35e6


def test_time_never_goes_backwards_and_keeps_its_pace_when_a_better_exchange_corrects_it():
    clock = RemoteClock()
    poor = Link(3, 80.0, 0.0, 1.0)  # all of it on the way back: 40 ms wrong
    poor.exchange(clock, START_NS)
    good = Link(3, 1.0, 0.0)
    answers = []
    for number in range(360):
        now_ns = START_NS + S // 5 + number * S // 72
        if number == 20:
            good.exchange(clock, now_ns)
        answers.append(clock.local_ns(good.remote_ms(now_ns), now_ns + S))
    steps = np.diff(answers)
    assert steps.min() > 0.9 * S / 72 and steps.max() < 1.1 * S / 72
    now_ns = START_NS + S // 5 + 359 * S // 72
    assert abs(answers[-1] - now_ns) < 1e6
    assert abs(answers[0] - now_ns + 359 * S // 72) > 30e6  # it was wrong at first


def test_an_answer_is_never_ahead_of_the_present():
    clock = RemoteClock()
    Link(4, 60.0, 0.0, 0.0).exchange(clock, START_NS)  # 30 ms ahead
    exact = Link(4, 0.0, 0.0)
    for number in range(50):
        now_ns = START_NS + S // 10 + number * S // 72
        assert clock.local_ns(exact.remote_ms(now_ns), now_ns) <= now_ns


def test_a_headset_that_slept_is_noticed_at_the_first_exchange():
    clock, link = RemoteClock(), Link(5, 3.0, 4.0)
    _, before = run(clock, link, 0.0, 20.0)
    link.lost_s = 40.0
    errors, after = run(clock, link, 60.0, 5.0)
    assert clock.steps == 1
    assert abs(errors[-1]) <= clock.error_s < 6e-3
    assert after[0] > before[-1]


def test_a_remote_clock_set_ahead_does_not_make_time_go_back():
    clock, link = RemoteClock(), Link(6, 3.0, 4.0)
    _, before = run(clock, link, 0.0, 5.0)
    link.lost_s = -30.0
    errors, after = run(clock, link, 5.0, 5.0)
    assert clock.steps == 1
    answers = before + after
    assert all(b >= a for a, b in zip(answers, answers[1:]))
    assert abs(errors[-1]) <= clock.error_s


def test_without_exchanges_nothing_is_known():
    clock = RemoteClock()
    assert clock.local_ns(1.0, START_NS) is None
    assert not clock.is_known
    assert clock.error_s is None and clock.rtt_s is None and clock.drift_ppm is None


def test_an_answer_before_its_question_is_refused():
    clock = RemoteClock()
    assert not clock.add(START_NS, 5.0, START_NS - 1)
    assert not clock.is_known


def test_an_older_time_asked_again_gets_the_last_answer():
    clock, link = RemoteClock(), Link(7, 1.0, 0.0)
    link.exchange(clock, START_NS)
    newest = clock.local_ns(100.0, START_NS + S)
    assert clock.local_ns(50.0, START_NS + S) == newest
