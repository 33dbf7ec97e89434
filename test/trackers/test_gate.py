# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The gate refuses what cannot be believed and always lets a lasting change in."""

from __future__ import annotations

import math

import pytest

from motion_avatar_ros.trackers.gate import GateLimits, TrackerGate, Verdict

NOW = 1_700_000_000_000_000_000
FRAME = 16_666_667
UPRIGHT = (0.0, 0.0, 0.0, 1.0)
HERE = (0.1, 0.2, 1.6)
THERE = (3.1, 0.2, 1.6)


@pytest.fixture
def gate():
    """A gate that has accepted a sample at NOW."""
    gate = TrackerGate()
    assert gate.judge(NOW, HERE, UPRIGHT, NOW) is Verdict.ACCEPTED
    return gate


def judge(gate, frame, position=HERE, quaternion=UPRIGHT):
    """Judge a sample that arrives some frames after NOW."""
    return gate.judge(NOW + frame * FRAME, position, quaternion, NOW + frame * FRAME)


@pytest.mark.parametrize('position, quaternion', [
    ((math.nan, 0.0, 1.6), UPRIGHT),
    ((0.0, math.inf, 1.6), UPRIGHT),
    ((math.inf, -math.inf, 1.6), UPRIGHT),
    ((1e300, 0.0, 1.6), UPRIGHT),
    (HERE, (0.0, 0.0, 0.0, math.nan)),
    (HERE, (1e200, 0.0, 0.0, 1.0)),
])
def test_numbers_that_are_no_place_are_refused(gate, position, quaternion):
    assert judge(gate, 1, position, quaternion) is Verdict.NOT_FINITE
    assert judge(TrackerGate(), 1, position, quaternion) is Verdict.NOT_FINITE


@pytest.mark.parametrize('quaternion', [
    (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.2), (0.0, 0.0, 0.0, 0.8)])
def test_quaternion_that_is_no_rotation_is_refused(gate, quaternion):
    assert judge(gate, 1, HERE, quaternion) is Verdict.BAD_QUATERNION


def test_rounded_quaternion_is_normalised(gate):
    assert judge(gate, 1, HERE, (0.0, 0.0, 0.0, 1.03)) is Verdict.ACCEPTED
    assert gate.accepted.quaternion_xyzw == UPRIGHT


def test_flipped_sign_of_a_quaternion_is_no_jump(gate):
    assert judge(gate, 1, HERE, (0.0, 0.0, 0.0, -1.0)) is Verdict.ACCEPTED


def test_stamps_of_past_and_future_and_again_are_refused(gate):
    later = NOW + FRAME
    assert gate.judge(NOW, HERE, UPRIGHT, later) is Verdict.DUPLICATE
    assert gate.judge(NOW - 1, HERE, UPRIGHT, later) is Verdict.OUT_OF_ORDER
    assert gate.judge(later + 200_000_000, HERE, UPRIGHT, later) is Verdict.FUTURE
    assert gate.judge(later - 1_100_000_000, HERE, UPRIGHT, later) is Verdict.STALE
    assert gate.judge(0, HERE, UPRIGHT, later) is Verdict.STALE
    assert gate.judge(later, HERE, UPRIGHT, later) is Verdict.ACCEPTED


def test_refused_samples_leave_no_trace(gate):
    before = gate.accepted
    judge(gate, 1, (math.nan,) * 3)
    judge(gate, 2, HERE, (0.0,) * 4)
    judge(gate, 3, THERE)
    gate.judge(NOW + 10 ** 12, HERE, UPRIGHT, NOW)
    assert gate.accepted is before


def test_infinite_limits_switch_the_clock_checks_off():
    gate = TrackerGate(GateLimits(max_future_s=math.inf, max_age_s=math.inf))
    assert gate.judge(0, HERE, UPRIGHT, NOW) is Verdict.ACCEPTED
    assert gate.judge(2 * NOW, HERE, UPRIGHT, NOW) is Verdict.ACCEPTED


def test_short_teleport_is_refused_and_the_return_continues(gate):
    for frame in range(1, 12):
        assert judge(gate, frame, THERE) is Verdict.JUMP
    assert judge(gate, 12) is Verdict.ACCEPTED
    assert not gate.accepted.is_restart


def test_lasting_teleport_is_a_new_place_after_the_time_and_not_before(gate):
    verdicts = [judge(gate, frame, THERE) for frame in range(1, 25)]
    first = verdicts.index(Verdict.ACCEPTED)
    assert verdicts[:first] == [Verdict.JUMP] * first
    assert 0.3 <= first * FRAME * 1e-9 <= 0.32
    assert verdicts[first:] == [Verdict.ACCEPTED] * (24 - first)
    assert not gate.accepted.is_restart


def test_new_place_is_marked_as_restart(gate):
    frame = 1
    while judge(gate, frame, THERE) is Verdict.JUMP:
        frame += 1
    assert gate.accepted.is_restart


def test_time_alone_does_not_make_scattered_outliers_believable(gate):
    for frame in range(1, 120):
        angle = 2.4 * frame
        place = (3.0 * math.cos(angle), 3.0 * math.sin(angle), 1.6)
        assert judge(gate, frame, place) is Verdict.JUMP
    back = [judge(gate, frame) for frame in range(120, 145)]
    assert back[-1] is Verdict.ACCEPTED


def test_half_turn_within_a_frame_is_a_jump(gate):
    assert judge(gate, 1, HERE, (0.0, 0.0, 1.0, 0.0)) is Verdict.JUMP


def test_fast_hand_and_trembling_stamps_are_no_jumps(gate):
    assert judge(gate, 1, (HERE[0] + 0.19, *HERE[1:])) is Verdict.ACCEPTED  # 11.4 m/s
    stamp = NOW + FRAME + 10_000  # 10 us later, 4 mm farther
    place = (HERE[0] + 0.194, *HERE[1:])
    assert gate.judge(stamp, place, UPRIGHT, stamp) is Verdict.ACCEPTED


def test_any_place_goes_after_a_long_silence(gate):
    assert judge(gate, 60, THERE) is Verdict.ACCEPTED
    assert gate.accepted.is_restart


def test_silence_during_a_jump_does_not_block_the_tracker(gate):
    assert judge(gate, 1, THERE) is Verdict.JUMP
    assert judge(gate, 60, THERE) is Verdict.ACCEPTED
    assert gate.accepted.is_restart


def test_stamps_during_a_jump_must_increase_too(gate):
    assert judge(gate, 2, THERE) is Verdict.JUMP
    assert judge(gate, 2, THERE) is Verdict.DUPLICATE
    assert judge(gate, 1, HERE) is Verdict.OUT_OF_ORDER


@pytest.mark.parametrize('frames', [1, 2, 5, 16])
def test_bursts_of_outliers_are_refused_wherever_they_are_and_the_return_continues(gate, frames):
    for frame in range(1, 1 + frames):
        place = (HERE[0] + (-1) ** frame * 2.0, HERE[1] + frame, HERE[2])
        assert judge(gate, frame, place) is Verdict.JUMP
    assert judge(gate, 1 + frames) is Verdict.ACCEPTED
    assert not gate.accepted.is_restart


def test_outliers_at_every_other_sample_do_not_stop_the_tracker(gate):
    verdicts = [judge(gate, frame, THERE if frame % 2 else HERE) for frame in range(1, 121)]
    assert verdicts == [Verdict.JUMP, Verdict.ACCEPTED] * 60
    assert not gate.accepted.is_restart


def test_a_jump_that_began_with_a_believed_one_is_believed_with_its_next_sample(gate):
    assert judge(gate, 10, THERE) is Verdict.JUMP
    gate.believe_jump(NOW + 8 * FRAME)
    assert judge(gate, 11, HERE) is Verdict.ACCEPTED  # it was an outlier after all
    assert not gate.accepted.is_restart
    assert judge(gate, 12, THERE) is Verdict.JUMP
    assert judge(gate, 13, THERE) is Verdict.JUMP  # what was believed is forgotten by now
    gate.believe_jump(NOW + 10 * FRAME)
    assert judge(gate, 14, THERE) is Verdict.ACCEPTED
    assert gate.accepted.is_restart


def test_a_jump_at_another_time_than_a_believed_one_must_last_by_itself(gate):
    assert judge(gate, 10, THERE) is Verdict.JUMP
    gate.believe_jump(NOW)
    assert judge(gate, 11, THERE) is Verdict.JUMP
    gate.believe_jump(NOW + 40 * FRAME)
    assert judge(gate, 12, THERE) is Verdict.JUMP


def test_believing_without_a_jump_lets_no_later_outlier_in(gate):
    gate.believe_jump(NOW)
    assert gate.jumped_since_ns is None
    assert judge(gate, 1, THERE) is Verdict.JUMP
    assert gate.jumped_since_ns == NOW + FRAME
    assert judge(gate, 2, THERE) is Verdict.JUMP
