# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that frames do without: absent, late, gone, back; and when they have a pose."""

from __future__ import annotations

import math

import numpy as np
import pytest

from motion_avatar_ros.trackers.timeline import AlignedFrames, TrackerTimeline

NEEDED = ('head', 'left_hand', 'right_hand')
FEET = ('left_foot', 'right_foot')
NAMES = (*NEEDED, 'pelvis', *FEET)
START = 1_700_000_000_000_000_000
PERIOD_S = 1 / 60.0
UPRIGHT = (0.0, 0.0, 0.0, 1.0)


def place(name, time_s):
    """Return where a tracker truly is; linear, so that interpolation is exact."""
    return 0.5 * time_s, float(NAMES.index(name)), 1.0


class Stage:
    """Trackers that play by their stamps and arrive when they arrive."""

    def __init__(self, required=NEEDED, names=NAMES, **options):
        self.timeline = TrackerTimeline(names, 60.0, required=required, **options)
        self.names = names
        self.batches: list[AlignedFrames] = []
        self.made_s: list[float] = []  # when each frame came out

    def play(self, end_s, start_s=0.0, rates_hz={}, silent={}, latency_s={}, offsets_m={},
             phases_s={}):
        """
        Play all trackers.

        Args:
            end_s: no sample is at or after it.
            start_s: the first samples.
            rates_hz: of trackers that are not at 60 Hz.
            silent: by tracker, spans of stamps at which it sends nothing.
            latency_s: by tracker, how late its samples arrive.
            offsets_m: by tracker, how far it is from where it should be, by stamp.
            phases_s: by tracker, how much later than at the start its first sample is.
        """
        events = []
        for name in self.names:
            rate_hz = rates_hz.get(name, 60.0)
            for index in range(math.ceil((end_s - start_s) * rate_hz - 1e-6)):
                time_s = start_s + index / rate_hz + phases_s.get(name, 0.0)
                if not any(a <= time_s < b for a, b in silent.get(name, ())):
                    events.append((time_s + latency_s.get(name, 0.0), time_s, name))
        for arrival_s, time_s, name in sorted(events):
            x, y, z = place(name, time_s)
            x += offsets_m[name](time_s) if name in offsets_m else 0.0
            self.timeline.add(
                name, START + round(time_s * 1e9), (x, y, z), UPRIGHT,
                START + round(arrival_s * 1e9))
            frames = self.timeline.take()
            if frames is not None:
                self.batches.append(frames)
                self.made_s += [arrival_s] * len(frames.stamps_ns)
        return self

    @property
    def times_s(self):
        return (np.concatenate([b.stamps_ns for b in self.batches]) - START) * 1e-9

    @property
    def delays_s(self):
        return np.array(self.made_s) - self.times_s

    @property
    def positions(self):
        return np.concatenate([b.positions for b in self.batches])

    @property
    def restarts(self):
        return sum(b.is_restart for b in self.batches)

    def is_valid(self, name):
        return np.concatenate([b.is_valid for b in self.batches])[:, self.names.index(name)]

    def invalid_s(self, name):
        return self.times_s[~self.is_valid(name)]

    def assert_sane(self, frames=None):
        """Frames are even and never stop; who is valid is in place, who is not is NaN."""
        np.testing.assert_allclose(np.diff(self.times_s), PERIOD_S, atol=2e-9)
        assert self.restarts == 1
        if frames is not None:
            assert len(self.times_s) == frames
        for batch in self.batches:
            stamps_s = (batch.stamps_ns - START) * 1e-9
            assert batch.is_valid.shape == batch.positions.shape[:2]
            assert batch.is_valid.dtype == bool
            for slot, name in enumerate(self.names):
                valid = batch.is_valid[:, slot]
                assert np.isfinite(batch.rotations[valid, slot]).all()
                assert np.isnan(batch.rotations[~valid, slot]).all()
                assert np.isnan(batch.positions[~valid, slot]).all()
                expected = np.array([place(name, t) for t in stamps_s[valid]]).reshape(-1, 3)
                np.testing.assert_allclose(
                    batch.positions[valid, slot], expected, atol=1e-6)


def test_all_trackers_are_required_unless_told_otherwise():
    stage = Stage(required=None).play(2.0, silent={'pelvis': [(1.0, 9.0)]})
    assert stage.times_s[-1] < 1.0
    assert np.concatenate([batch.is_valid for batch in stage.batches]).all()


@pytest.mark.parametrize('rate_hz', [60.0, 90.0])
def test_absent_trackers_cost_no_frame_and_no_time(rate_hz):
    rates_hz = dict.fromkeys(NAMES, rate_hz)
    alone = Stage(names=NEEDED).play(2.0, rates_hz=rates_hz)
    silent = dict.fromkeys(('pelvis', *FEET), [(0.0, 9.0)])
    stage = Stage().play(2.0, rates_hz=rates_hz, silent=silent)
    stage.assert_sane()
    np.testing.assert_array_equal(stage.times_s, alone.times_s)
    np.testing.assert_allclose(stage.delays_s, alone.delays_s, atol=1e-12)
    assert not any(stage.is_valid(name).any() for name in silent)


def test_a_tracker_that_starts_late_is_valid_from_its_first_sample():
    stage = Stage().play(2.0, silent={'pelvis': [(0.0, 1.0)]})
    stage.assert_sane(frames=120)
    np.testing.assert_array_equal(stage.is_valid('pelvis'), stage.times_s > 1.0 - 1e-6)


@pytest.mark.parametrize('gap_s', [0.1, 0.25, 0.26, 0.5, 3.0])
@pytest.mark.parametrize('name', ['pelvis', 'right_foot'])
def test_a_dropout_is_invalid_for_exactly_its_frames_whatever_its_length(name, gap_s):
    gap = 1.0, 1.0 + gap_s
    stage = Stage().play(5.0, silent={name: [gap]})
    stage.assert_sane(frames=300)
    times_s = stage.times_s
    in_gap = (times_s > gap[0] - 1e-6) & (times_s < gap[1] - 1e-6)
    np.testing.assert_array_equal(~stage.is_valid(name), in_gap)
    assert all(stage.is_valid(other).all() for other in NAMES if other != name)


def test_nothing_is_interpolated_from_before_a_dropout_that_frames_were_made_in():
    # The last frames of the gap wait for a hand, and by then the pelvis has returned.
    stage = Stage().play(
        2.0, silent={'pelvis': [(1.0, 1.1)]}, phases_s={'pelvis': 0.010},
        latency_s={'right_hand': 0.012})
    gone_s = stage.invalid_s('pelvis')
    gone_s = gone_s[gone_s > 0.5]
    np.testing.assert_allclose(gone_s, np.arange(60, 67) / 60.0, atol=1e-6)


def test_a_single_lost_sample_is_interpolated():
    stage = Stage().play(2.0, silent={'pelvis': [(1.0, 1.01)]})
    stage.assert_sane(frames=120)
    assert stage.is_valid('pelvis').all()


def test_a_tracker_that_is_gone_for_ever_delays_its_first_frame_only():
    stage = Stage().play(3.0, silent={'left_foot': [(1.0, 9.0)]})
    stage.assert_sane(frames=180)
    delays_s = stage.delays_s[6:]  # the first five wait for the rate to be known
    late = delays_s > 1e-6
    assert late.sum() <= 3 and delays_s.max() <= 1.5 * PERIOD_S + PERIOD_S + 1e-9
    assert (stage.times_s[6:][late] < 1.05).all()


def test_several_trackers_drop_out_each_on_its_own():
    silent = {'pelvis': [(0.5, 0.9), (1.4, 1.5)], 'left_foot': [(0.7, 2.0)],
              'right_foot': [(0.0, 0.3), (2.5, 9.0)]}
    stage = Stage().play(3.0, silent=silent)
    stage.assert_sane(frames=180)
    for name, spans in silent.items():
        gone = np.zeros(180, bool)
        for a, b in spans:
            gone |= (stage.times_s > a - 1e-6) & (stage.times_s < b - 1e-6)
        np.testing.assert_array_equal(~stage.is_valid(name), gone)


@pytest.mark.parametrize('rate_hz', [20.0, 30.0, 45.0, 90.0, 120.0])
def test_other_rates_are_valid_throughout_and_delay_by_one_and_a_half_intervals_at_most(rate_hz):
    stage = Stage().play(3.0, rates_hz=dict.fromkeys(FEET, rate_hz))
    stage.assert_sane()
    assert all(stage.is_valid(name).all() for name in FEET)
    assert len(stage.times_s) >= 180 - 4
    longest_s = 1.5 * max(1.0 / rate_hz, PERIOD_S) + PERIOD_S
    assert stage.delays_s[6:].max() <= longest_s + 1e-9


@pytest.mark.parametrize('latency_s', [0.005, 0.015, 0.024])
def test_a_tracker_that_arrives_later_than_the_others_is_waited_for(latency_s):
    stage = Stage().play(3.0, latency_s={'pelvis': latency_s}, silent={'pelvis': [(1.0, 2.0)]})
    stage.assert_sane()
    away = (stage.times_s > 1.0 - 1e-6) & (stage.times_s < 2.0 - 1e-6)
    late = ~stage.is_valid('pelvis') & ~away
    assert late.sum() <= 2 and (stage.times_s[late] > 2.0 - 1e-6).all()  # at its return
    assert stage.delays_s[6:].max() <= 2.5 * PERIOD_S + 1e-9


def test_a_tracker_that_always_comes_too_late_is_not_waited_for():
    stage = Stage().play(3.0, latency_s={'pelvis': 0.2})
    stage.assert_sane()
    assert stage.is_valid('pelvis')[12:].sum() == 0
    assert (stage.delays_s[20:] < 1e-6).all()


def test_a_tracker_that_barely_sends_never_holds_the_others_up_for_long():
    stage = Stage().play(6.0, rates_hz={'pelvis': 2.0})
    stage.assert_sane()
    assert stage.delays_s.max() <= 0.1 + PERIOD_S + 1e-9


@pytest.mark.parametrize('rate_hz', [60.0, 90.0])
def test_an_optional_tracker_that_is_relocated_is_invalid_between_and_restarts_nothing(rate_hz):
    stage = Stage().play(3.0, rates_hz=dict.fromkeys(NAMES, rate_hz), offsets_m={
        'pelvis': lambda t: 4.0 * (t > 1.0)})
    assert stage.restarts == 1
    np.testing.assert_allclose(np.diff(stage.times_s), PERIOD_S, atol=2e-9)
    x = stage.positions[:, NAMES.index('pelvis'), 0] - 0.5 * stage.times_s
    valid = stage.is_valid('pelvis')
    assert (np.isclose(x[valid], 0.0, atol=1e-6) | np.isclose(x[valid], 4.0, atol=1e-6)).all()
    gone_s = stage.invalid_s('pelvis')
    assert 0.98 < gone_s[0] < 1.05 and 1.28 < gone_s[-1] < 1.35
    assert np.isclose(x[-1], 4.0)


def test_hands_may_be_left_out_of_what_is_required_and_the_head_never():
    stage = Stage(required=()).play(3.0, silent={
        'left_hand': [(1.0, 1.5)], 'right_hand': [(0.0, 9.0)]})
    stage.assert_sane(frames=180)
    assert stage.is_valid('head').all() and not stage.is_valid('right_hand').any()
    assert (~stage.is_valid('left_hand')).sum() == 30
    stage = Stage(required=()).play(3.0, silent={'head': [(1.0, 2.0)]})
    assert stage.restarts == 2
    assert not ((stage.times_s > 1.0 - 1e-6) & (stage.times_s < 2.0 - 1e-6)).any()


def test_a_required_tracker_that_stops_still_stops_the_frames_and_restarts_once():
    stage = Stage().play(4.0, silent={
        'left_hand': [(1.0, 2.0)], 'pelvis': [(0.5, 2.5)], 'left_foot': [(1.2, 1.4)]})
    assert not ((stage.times_s > 1.0 - 1e-6) & (stage.times_s < 2.0 - 1e-6)).any()
    assert stage.restarts == 2
    gone_s = stage.invalid_s('pelvis')
    assert gone_s.min() == pytest.approx(0.5) and gone_s.max() == pytest.approx(2.5 - PERIOD_S)


def test_recentred_space_is_one_restart_with_every_tracker_valid_at_once():
    moved = dict.fromkeys(NAMES, lambda t: 3.0 * (t > 1.0))
    stage = Stage().play(3.0, offsets_m=moved)
    assert stage.restarts == 2
    after = stage.times_s > 1.0 + 1e-6
    assert 1.25 < stage.times_s[after][0] < 1.36
    assert all(stage.is_valid(name)[after].all() for name in NAMES)
    np.testing.assert_allclose(
        stage.positions[after][..., 0] - 0.5 * stage.times_s[after, None], 3.0, atol=1e-6)


def test_a_slow_tracker_is_believed_with_the_others_when_the_space_was_recentred():
    moved = dict.fromkeys(NEEDED, lambda t: 3.0 * (t > 1.005))
    stage = Stage(None, NEEDED).play(2.0, rates_hz={'left_hand': 12.0}, offsets_m=moved)
    assert stage.restarts == 2
    assert stage.times_s[stage.times_s > 1.1][0] < 1.34  # by itself it would be at 1.42 s


def test_clear_and_a_clock_that_is_set_back_forget_optional_trackers_too():
    stage = Stage().play(101.0, start_s=100.0)
    stage.play(1.0, silent={'pelvis': [(0.0, 9.0)]})
    back = stage.times_s < 50.0
    assert back.sum() >= 55 and not stage.is_valid('pelvis')[back].any()
    assert stage.is_valid('left_foot')[back].all()
    stage.timeline.clear()
    stage.play(3.0, start_s=2.0, silent={'left_foot': [(0.0, 9.0)]})
    last = stage.times_s[-50:]
    assert (last > 2.0).all() and not stage.is_valid('left_foot')[-50:].any()


def test_frames_depend_on_the_samples_and_not_on_when_they_are_taken():
    rng = np.random.default_rng(0)
    events = sorted(
        (number / rate_hz + rng.uniform(0.0, 0.02), number / rate_hz, name)
        for name, rate_hz in zip(NAMES, (60.0, 60.0, 60.0, 60.0, 25.0, 120.0))
        for number in range(int(2.0 * rate_hz)) if rng.uniform() > 0.3 or name in NEEDED)
    stamps = {}
    results = []
    for every in (1, 5, 23):
        timeline = TrackerTimeline(NAMES, 60.0, required=NEEDED)
        batches = []
        for count, (arrival_s, time_s, name) in enumerate(events):
            timeline.add(name, START + round(time_s * 1e9), place(name, time_s), UPRIGHT,
                         START + round(arrival_s * 1e9))
            if count % every == 0 and (frames := timeline.take()) is not None:
                batches.append(frames)
        stamps[every] = np.concatenate([batch.stamps_ns for batch in batches])
        results.append((np.concatenate([batch.is_valid for batch in batches]),
                        np.concatenate([batch.positions for batch in batches])))
        assert sum(batch.dropped for batch in batches) == 0
    count = min(map(len, stamps.values()))
    assert count > 100 and not results[0][0].all()
    for is_valid, positions in results[1:]:
        np.testing.assert_array_equal(is_valid[:count], results[0][0][:count])
        np.testing.assert_array_equal(positions[:count], results[0][1][:count])


def test_dropouts_are_counted_with_their_lengths():
    stage = Stage().play(4.0, silent={
        'pelvis': [(1.0, 1.1), (2.0, 2.5)], 'left_hand': [(3.0, 3.2)],
        'left_foot': [(1.5, 9.0)], 'right_foot': [(0.0, 9.0)]})
    pelvis = stage.timeline.dropouts('pelvis')
    assert pelvis.count == 2 and pelvis.ongoing_s == 0.0
    assert pelvis.last_s == pelvis.longest_s == pytest.approx(0.5 + PERIOD_S)
    assert pelvis.total_s == pytest.approx(0.6 + 2 * PERIOD_S)
    hand = stage.timeline.dropouts('left_hand')
    assert hand.count == 1 and hand.longest_s == pytest.approx(0.2 + PERIOD_S)
    gone = stage.timeline.dropouts('left_foot')
    assert gone.count == 1 and gone.last_s == gone.ongoing_s == pytest.approx(2.5)
    never = stage.timeline.dropouts('right_foot')
    assert never.count == 0 and never.ongoing_s is None and never.total_s == 0.0
    assert stage.timeline.dropouts('head').count == 0


def test_a_pause_that_was_asked_for_and_a_slow_tracker_are_no_dropouts():
    stage = Stage().play(2.0, rates_hz={'pelvis': 12.0})
    stage.timeline.clear()
    stage.play(6.0, start_s=4.0, rates_hz={'pelvis': 12.0})
    assert [stage.timeline.dropouts(name).count for name in NAMES] == [0] * len(NAMES)


def test_refused_samples_make_a_dropout():
    stage = Stage().play(3.0, offsets_m={'left_hand': lambda t: 5.0 * (1.0 <= t < 1.2)})
    assert stage.timeline.dropouts('left_hand').longest_s == pytest.approx(0.2 + PERIOD_S)
