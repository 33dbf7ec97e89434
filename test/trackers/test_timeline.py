# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames out of trackers that jitter, differ, burst, stop, return and jump."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.trackers.gate import GateLimits, Verdict
from motion_avatar_ros.trackers.timeline import AlignedFrames, TrackerTimeline

NAMES = ('head', 'left_hand', 'right_hand')
START = 1_700_000_000_000_000_000
ALL = dict.fromkeys(NAMES, 0.0)
MS = 1_000_000


def place(name, time_s):
    """Return where a tracker truly is, and its quaternion, in smooth motion."""
    index = NAMES.index(name)
    position = (
        math.sin(time_s + index), 0.2 * math.cos(2.0 * time_s), 1.5 - 0.4 * (index > 0))
    turn = Rotation.from_euler('zy', [0.8 * time_s, 0.3 * math.sin(time_s + index)])
    return position, tuple(turn.as_quat())


class Player:
    """Plays trackers into a timeline, in the order of their stamps unless told otherwise."""

    def __init__(self, rate_hz=60.0, **options):
        self.timeline = TrackerTimeline(NAMES, rate_hz, **options)
        self.batches: list[AlignedFrames] = []

    def add(self, name, time_s, now_s=None, position=None, quaternion=None):
        """Add one sample, true unless a position or quaternion is given, and take frames."""
        true_position, true_quaternion = place(name, time_s)
        now_s = time_s if now_s is None else now_s
        verdict = self.timeline.add(
            name, START + round(time_s * 1e9), position or true_position,
            quaternion or true_quaternion, START + round(now_s * 1e9))
        self.take()
        return verdict

    def play(self, start_s, end_s, rates_hz=60.0, offsets_s=ALL, only=NAMES, jitter_s=0.0):
        """Play trackers at their rates and offsets from start to end."""
        if not isinstance(rates_hz, dict):
            rates_hz = dict.fromkeys(NAMES, rates_hz)
        random = np.random.default_rng(1)
        events = []
        for name in only:
            count = int(math.ceil((end_s - start_s) * rates_hz[name] - 1e-6))
            for index in range(count):
                time_s = start_s + index / rates_hz[name] + offsets_s[name]
                events.append((time_s + random.uniform(-jitter_s, jitter_s), name))
        for time_s, name in sorted(events):
            self.add(name, time_s)

    def take(self):
        """Take what there is."""
        frames = self.timeline.take()
        if frames is not None:
            self.batches.append(frames)

    @property
    def times_s(self):
        """Stamps of all frames taken, from the start."""
        stamps = [batch.stamps_ns for batch in self.batches]
        return (np.concatenate(stamps) - START) * 1e-9 if stamps else np.array([])

    @property
    def restarts(self):
        """The number of batches that are restarts."""
        return sum(batch.is_restart for batch in self.batches)

    def assert_sane(self):
        """All that must hold whatever came in."""
        stamps = np.concatenate([batch.stamps_ns for batch in self.batches])
        assert (np.diff(stamps) > 0).all()
        for batch in self.batches:
            count = len(batch.stamps_ns)
            assert batch.stamps_ns.dtype == np.int64 and 1 <= count <= 8
            assert batch.rotations.shape == (count, 3, 3, 3)
            assert batch.positions.shape == (count, 3, 3)
            assert np.isfinite(batch.rotations).all() and np.isfinite(batch.positions).all()

    def assert_true(self, tolerance=2e-3):
        """Every pose is where the tracker truly was at the frame's stamp."""
        for batch in self.batches:
            turned = ros_global_rotations(batch.rotations)
            for frame, stamp_ns in enumerate(batch.stamps_ns):
                for index, name in enumerate(NAMES):
                    position, quaternion = place(name, (int(stamp_ns) - START) * 1e-9)
                    np.testing.assert_allclose(
                        batch.positions[frame, index], position, atol=tolerance)
                    np.testing.assert_allclose(
                        turned[frame, index], Rotation.from_quat(quaternion).as_matrix(),
                        atol=tolerance)


@pytest.mark.parametrize('rate_hz', [59.0, 60.0, 61.0])
def test_each_head_sample_near_the_model_rate_makes_one_frame_with_its_stamp(rate_hz):
    player = Player()
    player.play(0.0, 3.0, rate_hz)
    expected = START + np.round(np.arange(len(player.times_s)) / rate_hz * 1e9).astype(np.int64)
    np.testing.assert_array_equal(
        np.concatenate([batch.stamps_ns for batch in player.batches]), expected)
    assert len(expected) == math.ceil(3.0 * rate_hz - 1e-6)
    player.assert_sane()
    player.assert_true(1e-9)


def test_nothing_comes_before_the_rate_is_known_and_then_all_that_waited():
    player = Player()
    player.play(0.0, 4.5 / 60.0)
    assert not player.batches
    player.play(5.0 / 60.0, 5.5 / 60.0)
    assert [len(batch.stamps_ns) for batch in player.batches] == [5, 1]
    assert player.batches[0].is_restart and player.batches[0].dropped == 0


def test_frame_comes_with_the_last_tracker_in_whatever_order():
    player = Player()
    player.play(0.0, 0.5)
    half_ns = START + 500 * MS
    for name in ('head', 'right_hand', 'left_hand'):
        assert player.timeline.take() is None
        player.timeline.add(name, half_ns, *place(name, 0.5), half_ns + 10 * MS)
    assert player.timeline.take().stamps_ns.tolist() == [half_ns]
    assert player.timeline.take() is None


@pytest.mark.parametrize('rate_hz', [30.0, 72.0, 90.0, 120.0, 250.0])
def test_other_rates_are_resampled_to_an_even_grid(rate_hz):
    player = Player()
    player.play(0.0, 3.0, rate_hz)
    times_s = player.times_s
    np.testing.assert_allclose(np.diff(times_s), 1 / 60.0, atol=2e-9)
    assert len(times_s) >= 3.0 * 60 - 4
    assert player.restarts == 1
    player.assert_sane()
    player.assert_true()


@pytest.mark.parametrize('rate_hz', [60.0, 90.0])
def test_trackers_that_are_not_synchronised_are_brought_to_one_time(rate_hz):
    player = Player()
    player.play(0.0, 3.0, rate_hz, {'head': 0.0, 'left_hand': 0.007, 'right_hand': 0.0123})
    assert len(player.times_s) >= 3.0 * 60 - 4
    player.assert_sane()
    player.assert_true()


def test_trembling_stamps_keep_the_native_mode_and_stay_true():
    player = Player()
    player.play(0.0, 3.0, 60.0, jitter_s=0.002)
    assert 177 <= len(player.times_s) <= 180
    player.assert_sane()
    player.assert_true()


def test_slow_hands_hold_the_frames_up_and_lose_none():
    player = Player()
    player.play(0.0, 3.0, {'head': 60.0, 'left_hand': 20.0, 'right_hand': 12.0})
    np.testing.assert_allclose(np.diff(player.times_s), 1 / 60.0, atol=2e-9)
    assert len(player.times_s) >= 174
    player.assert_true(6e-3)


def test_stamps_some_microseconds_apart_cost_no_latency():
    player = Player()
    for frame in range(60):
        for name, offset_s in (('left_hand', 0.0), ('right_hand', 60e-6), ('head', 120e-6)):
            player.add(name, frame / 60.0 + offset_s)
        if frame >= 5:
            assert player.times_s[-1] == pytest.approx(frame / 60.0 + 120e-6, abs=1e-7)
    player.assert_true()


@pytest.mark.parametrize('seed', range(5))
def test_frames_do_not_depend_on_which_tracker_is_heard_first(seed):
    """Of a burst an executor takes one topic's samples, then another's."""
    times_s = np.cumsum(1.0 / 90.0 + np.random.default_rng(7).uniform(-1e-5, 1e-5, 270))

    def frames(order):
        player, now_s = Player(), 0.0
        for name, index in order:
            now_s = max(now_s, float(times_s[index]))
            player.add(name, float(times_s[index]), now_s)
        return {
            int(stamp_ns): (batch.rotations[slot].tobytes(), batch.positions[slot].tobytes())
            for batch in player.batches for slot, stamp_ns in enumerate(batch.stamps_ns)}

    heard, bursts = dict.fromkeys(NAMES, 0), []
    random = np.random.default_rng(seed)
    while min(heard.values()) < len(times_s):
        name = NAMES[random.integers(len(NAMES))]
        until = min(min(heard.values()) + int(random.integers(1, 6)), len(times_s))
        bursts += [(name, index) for index in range(heard[name], until)]
        heard[name] = max(heard[name], until)
    in_turn = frames((name, index) for index in range(len(times_s)) for name in NAMES)
    assert len(in_turn) > 170 and frames(bursts) == in_turn


def test_burst_of_late_samples_is_used():
    player = Player()
    player.play(0.0, 1.0)
    for frame in range(60, 66):  # 100 ms held up in the network, then all at once
        for name in NAMES:
            assert player.add(name, frame / 60.0, now_s=1.1) is Verdict.ACCEPTED
    np.testing.assert_allclose(np.diff(player.times_s), 1 / 60.0, atol=2e-9)
    assert player.restarts == 1


def test_frames_that_nobody_takes_are_dropped_and_counted():
    player = Player()
    player.play(0.0, 1.0)
    for frame in range(60, 80):
        for name in NAMES:
            player.timeline.add(
                name, START + round(frame / 60.0 * 1e9), *place(name, frame / 60.0),
                START + round(frame / 60.0 * 1e9))
    frames = player.timeline.take()
    assert len(frames.stamps_ns) == 8 and frames.dropped == 12
    assert frames.stamps_ns[-1] == START + round(79 / 60.0 * 1e9)
    assert not frames.is_restart  # 13 frames are less than the largest gap


@pytest.mark.parametrize('rate_hz', [60.0, 90.0])
@pytest.mark.parametrize('lost', [NAMES, ('head',), ('left_hand',)])
@pytest.mark.parametrize('silence_s', [0.4, 5.0, 60.0])
def test_stop_and_return_makes_no_frames_between_and_one_restart(rate_hz, lost, silence_s):
    player = Player()
    player.play(0.0, 1.0, rate_hz)
    if len(lost) < len(NAMES):
        player.play(1.0, 1.0 + silence_s, rate_hz, only=[n for n in NAMES if n not in lost])
    back_s = 1.0 + silence_s
    player.play(back_s, back_s + 1.0, rate_hz)
    times_s = player.times_s
    assert not ((times_s > 1.0) & (times_s < back_s - 1e-6)).any()
    assert (times_s >= back_s).sum() >= 58
    assert player.restarts == 2
    player.assert_sane()
    player.assert_true()


@pytest.mark.parametrize('rate_hz', [60.0, 90.0])
def test_tracker_that_appears_late_starts_the_frames(rate_hz):
    player = Player()
    player.play(0.0, 3.0, rate_hz, only=('head', 'left_hand'))
    assert not player.batches
    player.play(3.0, 4.0, rate_hz)
    assert player.times_s[0] >= 3.0 and len(player.times_s) >= 58
    assert player.restarts == 1
    player.assert_true()


@pytest.mark.parametrize('name', NAMES)
def test_short_loss_is_bridged_without_a_restart(name):
    player = Player()
    player.play(0.0, 1.0)
    player.play(1.0, 1.1, only=[other for other in NAMES if other != name])
    player.play(1.1, 2.0)
    assert player.restarts == 1
    player.assert_sane()
    if name != 'head':
        np.testing.assert_allclose(np.diff(player.times_s), 1 / 60.0, atol=2e-9)


@pytest.mark.parametrize('position, quaternion, expected', [
    ((math.nan, 0.0, 1.0), None, Verdict.NOT_FINITE),
    (None, (0.0, 0.0, 0.0, 0.0), Verdict.BAD_QUATERNION),
    (None, (math.nan,) * 4, Verdict.NOT_FINITE),
    ((3.0, 3.0, 1.0), None, Verdict.JUMP),
])
@pytest.mark.parametrize('name', NAMES)
def test_one_bad_sample_changes_no_pose(name, position, quaternion, expected):
    player = Player()
    player.play(0.0, 1.0)
    for other in NAMES:
        if other != name:
            player.add(other, 1.0)
    assert player.add(name, 1.0, None, position, quaternion) is expected
    player.play(1.0 + 1 / 60.0, 2.0)
    assert player.timeline.counts(name)[expected] == 1
    assert player.restarts == 1
    player.assert_sane()
    player.assert_true()


def test_duplicates_and_old_and_future_stamps_change_nothing():
    player = Player()
    player.play(0.0, 1.0)
    for name in NAMES:
        last_s = 59 / 60.0
        assert player.add(name, last_s, 1.0) is Verdict.DUPLICATE
        assert player.add(name, last_s - 0.1, 1.0) is Verdict.OUT_OF_ORDER
        assert player.add(name, last_s - 100.0, 1.0) is Verdict.STALE
        assert player.add(name, last_s + 100.0, 1.0) is Verdict.FUTURE
    player.play(1.0, 2.0)
    assert len(player.times_s) == 120 and player.restarts == 1
    player.assert_true(1e-9)


def test_lasting_teleport_of_one_hand_is_a_restart_at_the_new_place_and_nothing_between():
    player = Player()
    player.play(0.0, 1.0)
    for frame in range(60, 120):
        for name in NAMES:
            x, y, z = place(name, frame / 60.0)[0]
            player.add(name, frame / 60.0, position=(
                x + 3.0 * (name == 'left_hand'), y, z))
    assert player.restarts == 2
    positions = np.concatenate([batch.positions for batch in player.batches])
    offsets = np.array([
        row[1, 0] - place('left_hand', time_s)[0][0]
        for row, time_s in zip(positions, player.times_s)])
    assert (np.isclose(offsets, 0.0) | np.isclose(offsets, 3.0)).all()
    assert np.isclose(offsets[-30:], 3.0).all()
    player.assert_sane()


def test_recentred_play_space_is_one_restart():
    player = Player()
    player.play(0.0, 1.0)
    for frame in range(60, 120):
        for name in NAMES:
            x, y, z = place(name, frame / 60.0)[0]
            player.add(name, frame / 60.0 + 0.002 * NAMES.index(name), position=(x + 3.0, y, z))
    assert player.restarts == 2
    assert (player.times_s > 1.4).sum() >= 33


@pytest.mark.parametrize('rate_hz', [60.0, 90.0])
def test_clock_that_is_set_back_starts_over(rate_hz):
    player = Player()
    player.play(100.0, 101.0, rate_hz)
    before = len(player.times_s)
    player.play(0.0, 1.0, rate_hz)
    assert len(player.times_s) - before >= 57
    assert player.restarts == 2
    assert player.times_s[before] == 0.0


def test_stamps_that_all_go_back_for_good_start_over():
    limits = GateLimits(max_age_s=math.inf, max_future_s=math.inf)
    player = Player(limits=limits)
    for start, offset_s in ((0, 100.0), (60, -1.0)):  # a bag of the past that loops
        for frame in range(start, start + 60):
            for name in NAMES:
                player.add(name, frame / 60.0 + offset_s, now_s=1e6 + frame / 60.0)
    assert (player.times_s < 50.0).sum() >= 50
    assert player.restarts == 2


def test_stamps_of_one_tracker_that_go_back_are_not_believed():
    player = Player(limits=GateLimits(max_age_s=math.inf))
    player.play(100.0, 101.0)
    for frame in range(60):
        player.add('head', 101.0 + frame / 60.0)
        player.add('right_hand', 101.0 + frame / 60.0)
        assert player.add('left_hand', frame / 60.0, 101.0 + frame / 60.0) is Verdict.OUT_OF_ORDER
    assert player.times_s[-1] < 101.0


def test_rate_that_changes_from_60_to_90_hz_is_followed_without_a_jump_in_time():
    player = Player()
    player.play(0.0, 2.0, 60.0)
    player.play(2.0, 6.0, 90.0)
    np.testing.assert_allclose(np.diff(player.times_s)[-120:], 1 / 60.0, atol=2e-9)
    player.play(6.0, 10.0, 60.0)
    assert player.times_s[-1] == pytest.approx(9.98333333)
    assert player.restarts == 1
    player.assert_sane()
    player.assert_true()


def test_dead_tracker_keeps_memory_and_time_bounded():
    player = Player()
    player.play(0.0, 0.2)
    held = {name: place(name, 60.0) for name in ('head', 'left_hand')}
    for millisecond in range(200, 60_000):
        stamp_ns = START + millisecond * MS
        for name, pose in held.items():
            player.timeline.add(name, stamp_ns, *pose, stamp_ns)
        player.take()
    assert player.times_s[-1] < 0.2
    player.play(60.0, 61.0)
    assert (player.times_s >= 60.0).sum() >= 55
    assert player.restarts == 2


def test_clear_starts_over_and_keeps_the_counts():
    player = Player()
    player.play(0.0, 1.0)
    player.timeline.clear()
    assert player.timeline.newest_stamp_ns('head') is None
    player.play(1.0, 2.0)
    assert player.restarts == 2 and len(player.times_s) == 120
    assert player.timeline.counts('head')[Verdict.ACCEPTED] == 120


def test_rates_and_newest_stamps_are_told_per_tracker():
    player = Player()
    player.play(0.0, 2.0, {'head': 60.0, 'left_hand': 30.0, 'right_hand': 90.0})
    rates = [player.timeline.input_rate_hz(name) for name in NAMES]
    np.testing.assert_allclose(rates, [60.0, 30.0, 90.0], rtol=1e-6)
    assert player.timeline.newest_stamp_ns('left_hand') == START + round(59 / 30.0 * 1e9)


def test_numpy_input_is_taken_as_well_as_plain_floats():
    timeline = TrackerTimeline(NAMES, 60.0)
    for frame in range(8):
        for name in NAMES:
            timeline.add(
                name, START + frame * 16_666_667, np.zeros(3, np.float32),
                np.array([0, 0, 0, 1]), START + frame * 16_666_667)
    assert len(timeline.take().stamps_ns) == 8
