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


def angle(a, b):
    """Return the angle [rad] between two rotations."""
    return 2.0 * math.asin(min(1.0, math.sqrt(((a - b) ** 2).sum() / 8.0)))
