# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A floor that drifts is told; whoever squats, bows, jumps or sits is not taken for one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.skeleton import HEAD, LEFT_FOOT, RIGHT_FOOT
from motion_avatar_ros.trackers.floor_watch import FloorSettings, FloorState, FloorWatch

RATE_HZ = 30.0
START = 1_700_000_000_000_000_000
STANDING_M = 1.515  # the head joint of the built-in body


@lru_cache
def clip(name):
    """Return head rotations, head positions and feet of a built-in motion."""
    rotations, positions = builtin_motion(name, RATE_HZ).poses.global_joints()
    return rotations[:, HEAD], positions[:, HEAD], positions[:, [LEFT_FOOT, RIGHT_FOOT]]


def motion(*names, seconds):
    """Return built-in motions, one after the other and again."""
    parts = [clip(name) for name in names]
    repeats = int(np.ceil(seconds * RATE_HZ / sum(len(part[0]) for part in parts)))
    return tuple(np.concatenate([part[kind] for part in parts * repeats])[:int(
        seconds * RATE_HZ)] for kind in range(3))


def ramp(start_s, end_s, drift_m):
    return lambda seconds: drift_m * np.clip((seconds - start_s) / (end_s - start_s), 0.0, 1.0)


def watch(floor, played, lift=lambda seconds: 0.0 * seconds, has_feet=False, start_s=0.0):
    """Play frames one by one and return what the watch knew at each second."""
    rotations, heads, feet = played
    seconds = np.arange(len(heads)) / RATE_HZ
    up = lift(seconds)
    heads = heads + up[:, None] * [0.0, 0.0, 1.0]
    feet = feet + up[:, None, None] * [0.0, 0.0, 1.0]
    states = []
    for frame in range(len(heads)):
        stamps = np.array([START + round((start_s + seconds[frame]) * 1e9)])
        floor.update(stamps, rotations[frame:frame + 1], heads[frame:frame + 1],
                     feet[frame:frame + 1] if has_feet else None)
        if frame % int(RATE_HZ) == 0:
            states.append((floor.state, floor.drift_m, floor.correction_m))
    return states


def first_told_s(states):
    told = [second for second, state in enumerate(states) if state[0] is FloorState.DRIFTING]
    return told[0] if told else None


@pytest.mark.parametrize('has_feet', [False, True])
@pytest.mark.parametrize('standing_m', [STANDING_M, None])
@pytest.mark.parametrize('drift_m', [0.05, -0.05])
def test_five_centimetres_over_two_minutes_are_told(drift_m, standing_m, has_feet):
    floor = FloorWatch(standing_head_m=standing_m)
    states = watch(floor, motion('mix', seconds=290), ramp(70, 190, drift_m), has_feet)
    # 4 cm are passed at 166 s; the plateau takes half a minute, and 20 s must pass.
    assert 180 < first_told_s(states) < 270
    assert floor.is_drifting
    assert floor.drift_m == pytest.approx(drift_m, abs=0.01)
    assert floor.correction_m == 0.0
    assert floor.line == (
        f'the tracking space is 5 cm {"above" if drift_m > 0 else "below"} where it was')


@pytest.mark.parametrize('drift_m', [0.08, -0.08])
def test_a_jump_of_the_floor_is_told_and_its_return_takes_it_back(drift_m):
    floor = FloorWatch()
    played = motion('turn', 'wave', seconds=300)
    states = watch(floor, played, lambda s: drift_m * ((s > 70) & (s < 190)))
    assert 90 < first_told_s(states) < 180
    assert states[-1][0] is FloorState.LEVEL and abs(states[-1][1]) < 0.01


@pytest.mark.parametrize('standing_m', [STANDING_M, None])
@pytest.mark.parametrize('names', [('mix',), ('squat',), ('walk', 'turn'), ('wave', 'squat')])
def test_ordinary_motion_gives_no_alarm(names, standing_m):
    floor = FloorWatch(standing_head_m=standing_m)
    states = watch(floor, motion(*names, seconds=240))
    assert first_told_s(states) is None
    assert states[-1][0] is FloorState.LEVEL and abs(states[-1][1]) < 0.02


def test_bows_jumps_tiptoes_and_a_nap_on_a_chair_give_no_alarm():
    rotations, heads, feet = motion('wave', 'turn', seconds=400)
    seconds = np.arange(len(heads)) / RATE_HZ
    bow = (seconds % 20.0) < 6.0
    pitch = Rotation.from_rotvec([0.0, 0.9, 0.0]).as_matrix()
    rotations = np.where(bow[:, None, None], pitch @ rotations, rotations)
    height = -0.35 * bow
    height += 0.35 * np.maximum(0.0, np.sin(6.0 * seconds)) * ((seconds % 31.0) < 3.0)  # jumps
    height += 0.07 * ((seconds % 47.0) > 45.0)  # reaches for a shelf
    height -= 0.45 * ((seconds > 120) & (seconds < 220))  # sits
    height -= 0.08 * ((seconds > 230) & (seconds < 265))  # knees bent, as boxers stand
    heads = heads + height[:, None] * [0.0, 0.0, 1.0]
    for standing_m in (STANDING_M, None):
        states = watch(FloorWatch(standing_head_m=standing_m), (rotations, heads, feet))
        assert first_told_s(states) is None
        assert states[210][0] is FloorState.LOW and states[210][1] is None
        assert states[-1][0] is FloorState.LEVEL


@pytest.mark.parametrize('standing_m', [STANDING_M, None])
def test_a_boxer_who_rises_now_and_then_gives_no_alarm(standing_m):
    floor = FloorWatch(standing_head_m=standing_m)
    states = watch(floor, motion('wave', seconds=300),
                   lambda s: -0.08 * ((s > 70) & (s % 40.0 > 3.0)))
    assert first_told_s(states) is None


def test_long_work_with_the_head_bent_down_gives_no_alarm():
    rotations, heads, feet = motion('wave', seconds=300)
    bent = np.arange(len(heads)) / RATE_HZ > 70.0
    pitch = Rotation.from_rotvec([0.0, 0.5, 0.0]).as_matrix()
    rotations = np.where(bent[:, None, None], pitch @ rotations, rotations)
    heads = heads - 0.08 * bent[:, None] * [0.0, 0.0, 1.0]
    assert first_told_s(watch(FloorWatch(), (rotations, heads, feet))) is None


def test_a_seated_operator_is_said_to_sit_and_nothing_is_corrected():
    floor = FloorWatch(FloorSettings(is_corrected=True), STANDING_M)
    states = watch(floor, motion('wave', seconds=120), lambda s: 0.0 * s - 0.4)
    assert floor.state is FloorState.LOW and floor.line == 'seated or crouching'
    assert all(correction == 0.0 for _, _, correction in states)
    assert not floor.is_drifting and floor.drift_m is None


def test_who_sat_in_the_first_minute_and_stands_up_is_no_floor_that_sank():
    states = watch(FloorWatch(), motion('wave', seconds=240), lambda s: 0.4 * (s > 90))
    assert first_told_s(states) is None
    assert states[-1][0] is FloorState.LEVEL


def test_feet_tell_a_drift_while_the_operator_sits():
    rotations, heads, feet = motion('wave', seconds=290)
    played = rotations, heads - [0.0, 0.0, 0.45], feet
    floor = FloorWatch(standing_head_m=STANDING_M)
    states = watch(floor, played, ramp(70, 190, 0.06), has_feet=True)
    assert floor.is_drifting and floor.drift_m == pytest.approx(0.06, abs=0.01)
    assert states[50][0] is FloorState.LOW


def test_feet_without_a_pose_leave_it_to_the_head():
    rotations, heads, feet = motion('mix', seconds=290)
    floor = FloorWatch()
    watch(floor, (rotations, heads, np.full_like(feet, np.nan)), ramp(70, 190, 0.05), True)
    assert floor.is_drifting and floor.drift_m == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize('drift_m, corrected_m', [(0.06, 0.06), (-0.06, -0.06), (0.14, 0.1)])
def test_the_correction_follows_slowly_and_only_so_far(drift_m, corrected_m):
    floor = FloorWatch(FloorSettings(is_corrected=True), STANDING_M)
    states = watch(floor, motion('turn', 'wave', seconds=240), lambda s: drift_m * (s > 70))
    corrections = np.array([correction for _, _, correction in states])
    assert np.abs(np.diff(corrections)).max() <= 0.0151
    assert np.abs(corrections).max() <= 0.1 + 1e-9
    assert corrections[-1] == pytest.approx(corrected_m, abs=0.012)
    assert (corrections[:90] == 0.0).all()


def test_the_correction_goes_back_when_the_floor_does():
    floor = FloorWatch(FloorSettings(is_corrected=True), STANDING_M)
    states = watch(floor, motion('turn', 'wave', seconds=300),
                   lambda s: 0.08 * ((s > 60) & (s < 160)))
    assert max(correction for _, _, correction in states) > 0.06
    assert states[-1][2] == pytest.approx(0.0, abs=1e-9)


def test_nothing_is_said_before_there_is_enough_and_after_a_reset():
    floor = FloorWatch(standing_head_m=1.3)  # 20 cm off
    states = watch(floor, motion('wave', seconds=8))
    assert {state for state, _, _ in states} == {FloorState.LEARNING}
    assert floor.line == 'learning'
    watch(floor, motion('wave', seconds=60), start_s=10.0)
    assert floor.is_drifting
    floor.reset(STANDING_M)
    assert floor.state is FloorState.LEARNING and floor.correction_m == 0.0
    watch(floor, motion('wave', seconds=60), start_s=90.0)
    assert floor.state is FloorState.LEVEL


def test_gaps_and_a_clock_that_is_set_back_do_no_harm():
    floor = FloorWatch(standing_head_m=STANDING_M)
    watch(floor, motion('wave', seconds=30), start_s=1000.0)
    watch(floor, motion('wave', seconds=30), start_s=0.0)
    watch(floor, motion('wave', seconds=30), start_s=500.0)
    assert floor.state is FloorState.LEVEL and abs(floor.drift_m) < 0.01


def test_frames_in_chunks_are_as_good_as_one_by_one():
    rotations, heads, feet = motion('mix', seconds=200)
    heads = heads + 0.06 * (np.arange(len(heads)) / RATE_HZ > 80.0)[:, None] * [0.0, 0.0, 1.0]
    stamps = START + np.round(np.arange(len(heads)) / RATE_HZ * 1e9).astype(np.int64)
    results = []
    for chunk in (1, 5, 8):
        floor = FloorWatch(FloorSettings(is_corrected=True))
        for first in range(0, len(heads), chunk):
            part = slice(first, first + chunk)
            floor.update(stamps[part], rotations[part], heads[part], feet[part])
        results.append((floor.state, floor.drift_m, floor.correction_m))
    assert results[0] == results[1] == results[2]
