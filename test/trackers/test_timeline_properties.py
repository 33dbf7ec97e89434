# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What holds of the timeline's frames whatever the trackers send."""

from __future__ import annotations

import math

import numpy as np
import pytest

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.rotations import matrix_from_quaternion
from motion_avatar_ros.trackers.gate import GateLimits, Verdict
from motion_avatar_ros.trackers.timeline import TrackerTimeline

pytest.importorskip('hypothesis')
from hypothesis import given, settings, strategies as st  # noqa: E402

NAMES = ('head', 'left_hand', 'right_hand')
START = 1_700_000_000_000_000_000
MS = 1_000_000

number = st.one_of(
    st.floats(-2.0, 2.0), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1e300, -1e9]))
quaternion = st.one_of(
    st.sampled_from([
        (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, -1.0), (0.0, 0.6, 0.0, 0.8), (1.0, 0.0, 0.0, 0.0)]),
    st.tuples(number, number, number, number))
garbage = st.tuples(
    st.sampled_from(NAMES),
    st.one_of(st.just(0), st.integers(-3000, 200)),  # how wrong the stamp is [ms]
    st.tuples(number, number, number),
    quaternion,
)
# Now and then a garbage sample, a tracker that sends nothing, a clock that steps.
step = st.tuples(
    st.one_of(st.none(), garbage),
    st.one_of(st.none(), st.none(), st.sampled_from(NAMES)),
    st.one_of(*[st.just(17)] * 8, st.integers(-3000, 1000)),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(step, min_size=20, max_size=80), st.sampled_from([math.inf, 1.0]))
def test_any_garbage_gives_finite_rotations_at_increasing_stamps(steps, max_age_s):
    timeline = TrackerTimeline(NAMES, 60.0, GateLimits(max_age_s=max_age_s))
    now_ns = peak_ns = START
    fell_ns = 0  # how far the clock was set back at most
    last_ns = None
    for bad, silent, later_ms in steps:
        now_ns += later_ms * MS
        peak_ns = max(peak_ns, now_ns)
        fell_ns = max(fell_ns, peak_ns - now_ns)
        for name in NAMES:
            if name != silent:
                timeline.add(name, now_ns, (0.1, 0.2, 1.0), (0.0, 0.0, 0.0, 1.0), now_ns)
        if bad is not None:
            name, wrong_ms, position, turn = bad
            timeline.add(name, now_ns + wrong_ms * MS, position, turn, now_ns)
        frames = timeline.take()
        if frames is None:
            continue
        stamps = frames.stamps_ns.tolist()
        assert stamps == sorted(set(stamps)) and len(stamps) <= 8
        if last_ns is not None and stamps[0] <= last_ns:
            assert frames.is_restart and fell_ns > 900 * MS
            peak_ns, fell_ns = now_ns, 0
        last_ns = stamps[-1]
        assert (np.abs(frames.positions) < 1e9).all()
        np.testing.assert_allclose(
            frames.rotations @ frames.rotations.swapaxes(-1, -2),
            np.broadcast_to(np.eye(3), frames.rotations.shape), atol=1e-9)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    rate_hz=st.floats(57.5, 62.5),
    jitter_ms=st.floats(0.0, 0.5),
    offsets_ms=st.tuples(st.just(0.0), st.floats(0.0, 40.0), st.floats(0.0, 40.0)),
    seed=st.integers(0, 1000),
)
def test_near_60_hz_each_head_sample_makes_one_frame_between_the_hands_samples(
        rate_hz, jitter_ms, offsets_ms, seed):
    random = np.random.default_rng(seed)
    timeline = TrackerTimeline(NAMES, 60.0)
    tracks = {}
    for name, offset_ms in zip(NAMES, offsets_ms):
        times_ms = np.arange(90) * 1000.0 / rate_hz + offset_ms
        times_ms += random.uniform(-jitter_ms, jitter_ms, 90)
        places = np.cumsum(random.normal(scale=0.01, size=(90, 3)), axis=0)
        turns = random.normal(scale=0.05, size=(90, 4)) + [0.0, 0.0, 0.0, 1.0]
        turns /= np.linalg.norm(turns, axis=1, keepdims=True)
        turns *= random.choice([-1.0, 1.0], (90, 1))  # either sign is the same rotation
        tracks[name] = START + (times_ms * MS).astype(np.int64), places, turns
    arrivals = sorted(
        (int(stamp_ns), index, name) for name, track in tracks.items()
        for index, stamp_ns in enumerate(track[0]))
    batches = []
    for stamp_ns, index, name in arrivals:
        _, places, turns = tracks[name]
        verdict = timeline.add(name, stamp_ns, places[index], turns[index], stamp_ns)
        assert verdict is Verdict.ACCEPTED
        batches.append(timeline.take())
    frames = [batch for batch in batches if batch is not None]
    stamps = np.concatenate([batch.stamps_ns for batch in frames])
    positions = np.concatenate([batch.positions for batch in frames])
    rotations = ros_global_rotations(np.concatenate([batch.rotations for batch in frames]))

    head_ns = tracks['head'][0]
    covered = (head_ns >= max(t[0][0] for t in tracks.values())) & (
        head_ns <= min(t[0][-1] for t in tracks.values()))
    assert set(head_ns[covered]) <= set(stamps) <= set(head_ns)
    for tracker, name in enumerate(NAMES):
        track_ns, places, turns = tracks[name]
        after = np.clip(np.searchsorted(track_ns, stamps), 1, len(track_ns) - 1)
        low = np.minimum(places[after - 1], places[after]) - 1e-9
        high = np.maximum(places[after - 1], places[after]) + 1e-9
        assert ((positions[:, tracker] >= low) & (positions[:, tracker] <= high)).all()
        ends = matrix_from_quaternion(turns)
        for frame, index in enumerate(after):
            whole = angle(ends[index - 1], ends[index])
            parts = (angle(ends[index - 1], rotations[frame, tracker])
                     + angle(rotations[frame, tracker], ends[index]))
            assert parts == pytest.approx(whole, abs=1e-6)


def moving(name, time_s):
    """Return where a tracker truly is: as fast as hands often are."""
    index = NAMES.index(name)
    return (
        1.2 * math.sin(2.0 * time_s + index), 0.7 * math.cos(1.3 * time_s), 1.5 - 0.4 * index)


def played(seconds, displaced, offsets_ms=(0, 0, 0), rates_hz=(60, 60, 60), required=None):
    """Play moving trackers, displaced by a function of name and time, and return the batches."""
    timeline = TrackerTimeline(NAMES, 60.0, required=required)
    events = sorted(
        (number / rate_hz + offset_ms * 1e-3, name)
        for name, offset_ms, rate_hz in zip(NAMES, offsets_ms, rates_hz)
        for number in range(int(seconds * rate_hz)))
    batches = []
    for time_s, name in events:
        stamp_ns = START + round(time_s * 1e9)
        place = np.array(moving(name, time_s)) + displaced(name, time_s)
        timeline.add(name, stamp_ns, place.tolist(), (0.0, 0.0, 0.0, 1.0), stamp_ns)
        if (frames := timeline.take()) is not None:
            batches.append(frames)
    return batches


burst = st.tuples(
    st.sampled_from(NAMES), st.floats(0.3, 1.6), st.floats(0.01, 0.25),
    st.sampled_from(['held', 'scattered']), st.integers(0, 10_000))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(burst, min_size=1, max_size=4))
def test_outliers_single_or_in_bursts_never_reach_a_frame_and_restart_nothing(bursts):
    # One burst of a tracker must be over before its next one, or the two last too long.
    bursts = [b for number, b in enumerate(bursts) if not any(
        b[0] == other[0] and abs(b[1] - other[1]) < 0.6 for other in bursts[:number])]

    def displaced(name, time_s):
        for tracker, start_s, lasts_s, kind, seed in bursts:
            if tracker == name and start_s <= time_s < start_s + lasts_s:
                rng = np.random.default_rng((seed, 0 if kind == 'held' else int(time_s * 1e4)))
                away = rng.normal(size=3)
                return (4.0 + rng.uniform(0.0, 20.0)) * away / np.linalg.norm(away)
        return 0.0

    batches = played(2.4, displaced)
    for batch in batches:
        for frame, stamp_ns in enumerate(batch.stamps_ns.tolist()):
            true = [moving(name, (stamp_ns - START) * 1e-9) for name in NAMES]
            # Interpolated across up to a quarter of a second of motion.
            assert np.abs(batch.positions[frame] - true).max() < 0.1
    assert batches[-1].stamps_ns[-1] - START > 2.35e9
    spans = sum(lasts_s > 0.2 for _, _, lasts_s, _, _ in bursts)
    assert sum(batch.is_restart for batch in batches) <= 1 + spans


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    x=st.floats(2.5, 8.0), y=st.floats(-8.0, 8.0), z=st.floats(-0.5, 0.5),
    start_s=st.floats(0.5, 1.0),
    offsets_ms=st.tuples(st.just(0), st.integers(0, 12), st.integers(0, 12)),
    rates_hz=st.tuples(st.sampled_from([60, 90]), *[st.sampled_from([30, 60, 90])] * 2),
    required=st.sampled_from([None, ('head',)]))
def test_a_tracking_space_that_moves_is_one_restart_and_no_frame_is_in_both_places(
        x, y, z, start_s, offsets_ms, rates_hz, required):
    moved = np.array([x, y, z])
    batches = played(
        2.2, lambda _, time_s: moved * (time_s >= start_s), offsets_ms, rates_hz, required)
    assert sum(batch.is_restart for batch in batches) == 2
    late_s = []
    for batch in batches:
        for frame, stamp_ns in enumerate(batch.stamps_ns.tolist()):
            time_s = (stamp_ns - START) * 1e-9
            off = batch.positions[frame] - [moving(name, time_s) for name in NAMES]
            is_new = np.abs(off - moved).max(axis=1) < 0.1
            is_old = np.abs(off).max(axis=1) < 0.1
            valid = batch.is_valid[frame]
            assert is_new[valid].all() or is_old[valid].all()
            late_s += [time_s] if is_new[0] else []
            if is_new[0] and time_s > late_s[0] + 0.1:
                assert valid.all()
    assert start_s + 0.28 < late_s[0] < start_s + 0.45


def angle(a, b):
    """Return the angle [rad] between two rotations."""
    return 2.0 * math.asin(min(1.0, math.sqrt(((a - b) ** 2).sum() / 8.0)))
