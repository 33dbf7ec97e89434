# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The hint that the hands are swapped comes when they are, and not when arms cross."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.axes import smpl_global_rotations
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.swap import SwapSettings, SwapWatch
from motion_avatar_ros.trackers.timeline import TrackerTimeline
from motion_avatar_ros.trackers.tracker_playback import TrackerPlayback

RATE_HZ = 60


def watch(leftward_m, heading_rad=0.0, seconds=2.0, hint=None, start_s=0.0):
    """Return the answers, frame by frame, for a left hand some way left of the right one."""
    hint = hint or SwapWatch()
    turn = rotation_about_z(np.array(heading_rad))
    rotations = np.broadcast_to(smpl_global_rotations(turn), (1, 3, 3, 3))
    hands = np.array([[0.0, 0.0, 1.6], [0.3, leftward_m / 2, 1.0], [0.3, -leftward_m / 2, 1.0]])
    stamps = ((start_s + np.arange(int(seconds * RATE_HZ)) / RATE_HZ) * 1e9).astype(np.int64)
    return [hint.update(stamp[None], rotations, (hands @ turn.T)[None]) for stamp in stamps]


@pytest.mark.parametrize('heading_rad', [0.0, 1.0, 2.5, -2.0])
def test_swapped_hands_are_hinted_at_after_a_second_whatever_the_heading(heading_rad):
    answers = watch(-0.6, heading_rad)
    assert not any(answers[:60])
    assert all(answers[63:])


@pytest.mark.parametrize('leftward_m', [0.6, 0.0, -0.35])
def test_hands_in_place_together_or_crossed_are_not(leftward_m):
    assert not any(watch(leftward_m, 1.0))


def test_time_without_frames_is_no_evidence():
    hint = SwapWatch()
    watch(-0.6, seconds=0.5, hint=hint)
    assert not any(watch(-0.6, seconds=0.5, hint=hint, start_s=10.0))


def test_thresholds_are_settings():
    assert not any(watch(-0.6, hint=SwapWatch(SwapSettings(apart_m=0.7))))
    assert any(watch(-0.4, hint=SwapWatch(SwapSettings(apart_m=0.35))))
    assert not any(watch(-0.6, hint=SwapWatch(SwapSettings(after_s=3.0))))
    answers = watch(-0.6, seconds=0.6, hint=SwapWatch(SwapSettings(after_s=0.3)))
    assert not any(answers[:18]) and all(answers[20:])


def test_a_hand_that_is_not_there_is_no_evidence():
    hint = SwapWatch()
    nan = np.full((120, 3, 3), np.nan)
    nan[:, 0] = [0.0, 0.0, 1.6]
    rotations = np.broadcast_to(smpl_global_rotations(np.eye(3)), (120, 3, 3, 3))
    stamps = (np.arange(120) / RATE_HZ * 1e9).astype(np.int64)
    assert not hint.update(stamps, rotations, nan)
    watch(-0.6, seconds=0.6, hint=hint, start_s=2.0)
    nan[:, 1] = [0.3, -0.3, 1.0]
    assert not hint.update(stamps + 2_600_000_000, rotations, nan)
    assert not any(watch(-0.6, seconds=0.6, hint=hint, start_s=4.6))
    assert hint.exchanged == 0


def session(exchange=None, space=None, required=None, names=('walk', 'wave'), gone_s=None):
    """Watch built-in motion through a timeline; return the watch and its answers."""
    hint, answers = SwapWatch(), []
    timeline = TrackerTimeline(TRACKER_NAMES, 60.0, required=required)
    number = 0
    for name in names:
        playback = TrackerPlayback(builtin_motion(name), 60.0, TRACKER_NAMES)
        for frame_number in range(240):
            frame = playback.frame(frame_number)
            order = [0, 2, 1] if exchange is not None and number >= exchange else [0, 1, 2]
            stamp_ns = 10**18 + number * 16_666_667
            places = frame.positions[order]
            if space is not None and number >= space[0]:
                places = places + space[1]
            for slot, tracker in enumerate(TRACKER_NAMES):
                is_gone = gone_s is not None and slot and (
                    gone_s[0] <= number / RATE_HZ < gone_s[1])
                if not is_gone:
                    timeline.add(tracker, stamp_ns, places[slot],
                                 frame.quaternions_xyzw[order[slot]], stamp_ns)
            number += 1
            if (frames := timeline.take()) is not None:
                answers.append(
                    hint.update(frames.stamps_ns, frames.rotations, frames.positions))
    return hint, answers


@pytest.mark.parametrize('required', [None, ('head',)])
def test_trackers_that_are_exchanged_in_the_session_are_counted(required):
    hint, _ = session(exchange=100, required=required)
    assert hint.exchanged == 1
    hint, _ = session(exchange=100, required=required, gone_s=(1.6, 1.9))
    assert hint.exchanged == 1
    hint, _ = session(exchange=100, required=required, space=(100, [2.0, -1.0, 0.1]))
    assert hint.exchanged == 1


@pytest.mark.parametrize('motion', ['walk', 'wave', 'mix'])
def test_ordinary_motion_dropouts_and_a_moved_space_are_no_exchange(motion):
    for options in ({}, {'gone_s': (1.0, 1.3)}, {'space': (100, [2.0, -1.0, 0.1])},
                    {'gone_s': (1.0, 1.4), 'required': ('head',)}):
        hint, answers = session(names=(motion,), **options)
        assert hint.exchanged == 0 and not any(answers)


def test_devices_worn_beside_their_joints_and_a_turned_head_change_no_answer():
    rng = np.random.default_rng(0)
    for leftward_m, expected in ((-0.7, True), (0.3, False)):
        for _ in range(10):
            hint = SwapWatch()
            # A head device that is worn turned, and hands some centimetres off.
            turn = rotation_about_z(np.array(rng.uniform(-0.6, 0.6)))
            rotations = np.broadcast_to(smpl_global_rotations(turn), (100, 3, 3, 3))
            hands = np.array([
                [0.0, 0.0, 1.6], [0.3, leftward_m / 2, 1.0], [0.3, -leftward_m / 2, 1.0]])
            hands[1:] += rng.uniform(-0.05, 0.05, (2, 3))
            positions = np.broadcast_to(hands, (100, 3, 3))
            stamps = (np.arange(100) / RATE_HZ * 1e9).astype(np.int64)
            assert hint.update(stamps, rotations, positions) is expected


def test_clear_starts_over():
    hint = SwapWatch()
    watch(-0.6, hint=hint)
    hint.clear()
    assert not hint.looks_swapped and hint.exchanged == 0
    assert not any(watch(-0.6, seconds=0.5, hint=hint, start_s=2.0))
