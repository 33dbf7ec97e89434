# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What trembles is smoothed, what moves hardly lags, and nothing is joined to a restart."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.one_euro import OneEuroFilter, OneEuroSettings
from motion_avatar_ros.trackers.pose_algebra import angle_between
from motion_avatar_ros.trackers.sample import Sample
from motion_avatar_ros.trackers.timeline import TrackerTimeline
from motion_avatar_ros.trackers.tracker_playback import Disturbance, TrackerPlayback

START = 1_700_000_000_000_000_000
UPRIGHT = (0.0, 0.0, 0.0, 1.0)


def samples(positions, rotations=None, rate_hz=60.0, times_s=None):
    """Return samples at a rate, or at given times; the first one is a restart."""
    quaternions = [UPRIGHT] * len(positions) if rotations is None else [
        tuple(q) for q in rotations.as_quat().tolist()]
    times_s = np.arange(len(positions)) / rate_hz if times_s is None else times_s
    return [
        Sample(START + round(t * 1e9), tuple(p), q, index == 0)
        for index, (t, p, q) in enumerate(
            zip(times_s, np.asarray(positions).tolist(), quaternions))]


def smoothed(given, settings=OneEuroSettings()):
    one_euro = OneEuroFilter(settings)
    return [one_euro.filter(sample) for sample in given]


def positions_of(given):
    return np.array([sample.position_m for sample in given])


@pytest.mark.parametrize('rate_hz', [60.0, 120.0])
def test_trembling_of_a_still_tracker_shrinks(rate_hz):
    rng = np.random.default_rng(0)
    noise = rng.normal(0.0, 0.003, (600, 3))
    shake = Rotation.from_rotvec(rng.normal(0.0, math.radians(1.0), (600, 3)))
    given = samples(noise + [0.3, -0.2, 1.1], shake, rate_hz)
    result = smoothed(given)
    assert np.std(positions_of(result) - [0.3, -0.2, 1.1]) < 0.6 * 0.003
    angles = [angle_between(s.quaternion_xyzw, UPRIGHT) for s in result]
    raw = [angle_between(s.quaternion_xyzw, UPRIGHT) for s in given]
    assert np.mean(angles) < 0.65 * np.mean(raw)
    third = np.abs(np.diff(positions_of(result), 3, axis=0)).mean()
    assert third < 0.5 * np.abs(np.diff(noise, 3, axis=0)).mean()


@pytest.mark.parametrize('rate_hz', [30.0, 60.0, 120.0])
def test_a_fast_hand_lags_by_milliseconds_only(rate_hz):
    seconds = np.arange(int(rate_hz)) / rate_hz
    path = np.array([3.0, 0.0, 0.0]) * seconds[:, None]  # 3 m/s
    turn = Rotation.from_rotvec(np.outer(4.0 * seconds, [0.0, 0.0, 1.0]))
    last = smoothed(samples(path, turn, rate_hz))[-1]
    assert (path[-1, 0] - last.position_m[0]) / 3.0 < 2.5e-3
    assert angle_between(last.quaternion_xyzw, tuple(turn[-1].as_quat())) / 4.0 < 6e-3


def test_paths_stay_straight_and_do_not_depend_on_how_the_room_is_turned():
    rng = np.random.default_rng(1)
    path = np.cumsum(rng.normal(0.0, 0.02, (200, 3)), axis=0)
    turns = Rotation.from_rotvec(np.cumsum(rng.normal(0.0, 0.05, (200, 3)), axis=0))
    room = Rotation.from_rotvec([0.3, -1.0, 2.0])
    there = smoothed(samples(room.apply(path), room * turns))
    here = smoothed(samples(path, turns))
    np.testing.assert_allclose(positions_of(there), room.apply(positions_of(here)), atol=1e-9)
    for a, b in zip(there, here):
        turned = room * Rotation.from_quat(b.quaternion_xyzw)
        assert angle_between(a.quaternion_xyzw, tuple(turned.as_quat())) < 1e-6
    along = 0.01 * np.arange(60) + rng.normal(0.0, 0.01, 60)
    line = np.outer(along, [2.0, 1.0, 0.0])
    result = positions_of(smoothed(samples(line)))
    np.testing.assert_allclose(result[:, 0], 2.0 * result[:, 1], atol=1e-12)


def test_a_restart_is_taken_as_it_is_and_has_no_speed_from_before():
    one_euro = OneEuroFilter()
    for sample in samples(np.arange(30)[:, None] * [0.05, 0.0, 0.0]):
        one_euro.filter(sample)
    there = Sample(START + 10**9, (5.0, 1.0, 1.0), UPRIGHT, True)
    assert one_euro.filter(there) == there
    tremble = Sample(START + 1_016_666_667, (5.003, 1.0, 1.0), UPRIGHT)
    fresh = OneEuroFilter()
    fresh.filter(there)
    assert one_euro.filter(tremble) == fresh.filter(tremble)


def test_flipped_sign_of_a_quaternion_is_no_movement_and_hides_none():
    rng = np.random.default_rng(4)
    turns = Rotation.from_rotvec(np.outer(np.arange(60) * 0.08, [0.0, 0.0, 1.0]))
    given = samples(np.zeros((60, 3)), turns * Rotation.from_rotvec(
        rng.normal(0.0, 0.01, (60, 3))))
    flipped = [
        s._replace(quaternion_xyzw=tuple(sign * v for v in s.quaternion_xyzw))
        for s, sign in zip(given, rng.choice([-1.0, 1.0], 60))]
    for a, b in zip(smoothed(given), smoothed(flipped)):
        assert angle_between(a.quaternion_xyzw, b.quaternion_xyzw) < 1e-7


def test_stamps_that_nearly_coincide_or_tremble_do_no_harm():
    rng = np.random.default_rng(2)
    times_s = np.sort(np.concatenate([np.arange(120) / 60.0, np.arange(120) / 60.0 + 2e-6]))
    noise = rng.normal(0.0, 0.003, (240, 3))
    result = positions_of(smoothed(samples(noise, times_s=times_s)))
    assert np.abs(result).max() <= np.abs(noise).max()
    jittered = np.arange(240) / 60.0 + rng.uniform(-0.006, 0.006, 240)
    path = np.stack([np.sin(jittered), np.zeros(240), np.zeros(240)], axis=1)
    lag = positions_of(smoothed(samples(path, times_s=jittered))) - path
    assert np.abs(lag).max() < 0.01


def test_zero_switches_position_or_rotation_or_both_off():
    rng = np.random.default_rng(3)
    given = samples(rng.normal(size=(20, 3)), Rotation.from_rotvec(rng.normal(size=(20, 3))))
    turned = smoothed(given, OneEuroSettings(min_cutoff_hz=0.0))
    moved = smoothed(given, OneEuroSettings(rotation_min_cutoff_hz=0.0))
    assert [s.position_m for s in turned] == [s.position_m for s in given]
    assert [s.quaternion_xyzw for s in moved] == [s.quaternion_xyzw for s in given]
    assert turned[5].quaternion_xyzw != given[5].quaternion_xyzw
    assert moved[5].position_m != given[5].position_m
    assert OneEuroSettings(min_cutoff_hz=0.0, rotation_min_cutoff_hz=0.0).is_off
    assert not OneEuroSettings(min_cutoff_hz=0.0).is_off


def worn(disturbance, filters):
    """Return positions and rotations of frames that trackers on a walker give."""
    playback = TrackerPlayback(
        builtin_motion('walk'), 60.0, TRACKER_NAMES, disturbance=disturbance)
    timeline = TrackerTimeline(TRACKER_NAMES, 60.0, filters=filters)
    batches = []
    for number in range(240):
        frame = playback.frame(number)
        for slot, name in enumerate(TRACKER_NAMES):
            stamp_ns = START + number * 16_666_667
            timeline.add(
                name, stamp_ns, frame.positions[slot], frame.quaternions_xyzw[slot], stamp_ns)
        if (frames := timeline.take()) is not None:
            batches.append(frames)
    return (np.concatenate([batch.positions for batch in batches]),
            np.concatenate([batch.rotations for batch in batches]))


def test_frames_of_a_noisy_walker_jitter_less_and_are_as_near_to_the_truth():
    noise = Disturbance(0.003, math.radians(1.0))
    filters = dict.fromkeys(TRACKER_NAMES, OneEuroSettings())
    true_m, true_rotations = worn(Disturbance(), None)
    raw_m, raw_rotations = worn(noise, None)
    m, rotations = worn(noise, filters)
    rms = [np.sqrt(((p - true_m) ** 2).mean()) for p in (raw_m, m)]
    assert rms[1] < 1.05 * rms[0]
    turns = [geodesic_angle(r, true_rotations).mean() for r in (raw_rotations, rotations)]
    assert turns[1] < 0.9 * turns[0]
    jitter = [np.abs(np.diff(p, 3, axis=0)).mean() for p in (raw_m, m)]
    assert jitter[1] < 0.75 * jitter[0]


def test_only_trackers_that_are_named_are_smoothed_and_off_means_off():
    noise = Disturbance(0.003)
    raw_m, _ = worn(noise, None)
    head_m, _ = worn(noise, {'head': OneEuroSettings()})
    assert (head_m[:, 0] != raw_m[:, 0]).any()
    np.testing.assert_array_equal(head_m[:, 1:], raw_m[:, 1:])
    off = OneEuroSettings(min_cutoff_hz=0.0, rotation_min_cutoff_hz=0.0)
    np.testing.assert_array_equal(worn(noise, dict.fromkeys(TRACKER_NAMES, off))[0], raw_m)


def test_a_tracker_that_jumped_for_good_is_at_its_new_place_at_once():
    timeline = TrackerTimeline(('head',), 60.0, filters={'head': OneEuroSettings()})
    for number in range(120):
        stamp_ns = START + number * 16_666_667
        timeline.add('head', stamp_ns, (0.0 if number < 60 else 3.0, 0.0, 1.6), UPRIGHT, stamp_ns)
        if (frames := timeline.take()) is not None:
            assert set(frames.positions[:, 0, 0].tolist()) <= {0.0, 3.0}


def test_cost_of_a_sample():
    rng = np.random.default_rng(5)
    given = samples(rng.normal(size=(2000, 3)), Rotation.from_rotvec(
        rng.normal(0.0, 0.05, (2000, 3))))
    one_euro = OneEuroFilter()
    best_s = math.inf
    for _ in range(5):
        start_s = time.perf_counter()
        for sample in given:
            one_euro.filter(sample)
        best_s = min(best_s, time.perf_counter() - start_s)
        one_euro.clear()
    assert best_s / len(given) < 25e-6  # about 4 us on a free core
