# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Lost frames are filled in for the estimator, and only there."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.trackers.even_frames import EvenFrames
from motion_avatar_ros.trackers.timeline import AlignedFrames

PERIOD_NS = round(1e9 / 60.0)


def frames_at(slots, is_restart=False, lost=()):
    """Trackers that turn and move at constant speed, at these slots of the 60 Hz grid."""
    slots = np.asarray(slots)
    angle = 0.05 * slots[:, None] * np.array([1.0, 2.0, -1.0])
    rotations = Rotation.from_euler('z', angle.reshape(-1, 1)).as_matrix().reshape(-1, 3, 3, 3)
    positions = 0.01 * slots[:, None, None] * np.ones((1, 3, 3))
    is_valid = np.ones((len(slots), 3), bool)
    for slot, tracker in lost:
        is_valid[slots == slot, tracker] = False
    rotations[~is_valid] = positions[~is_valid] = np.nan
    return AlignedFrames(
        slots.astype(np.int64) * PERIOD_NS + 10**9, rotations, positions, is_valid, is_restart, 0)


def fill_all(*chunks):
    even = EvenFrames(60.0)
    filled = [even.fill(frames_at(chunk)) for chunk in chunks]
    return (
        np.concatenate([f.rotations for f in filled]),
        np.concatenate([f.positions for f in filled]),
        np.concatenate([f.is_given for f in filled]), even.filled)


def test_complete_frames_pass_as_they_are():
    frames = frames_at(range(5))
    filled = EvenFrames(60.0).fill(frames)
    assert filled.rotations is frames.rotations and filled.is_given.all()
    assert filled.is_valid is frames.is_valid


def test_lost_frames_within_and_between_chunks_do_not_raise_the_speed():
    rotations, positions, is_given, count = fill_all([0, 1, 3], [4, 8], [9], [12, 13])
    whole = frames_at(range(14))
    np.testing.assert_allclose(positions, whole.positions, atol=1e-9)
    assert geodesic_angle(rotations, whole.rotations).max() < 1e-6
    assert np.flatnonzero(~is_given).tolist() == [2, 5, 6, 7, 10, 11]
    assert count == 6


def test_a_restart_is_not_joined_to_what_was_before():
    even = EvenFrames(60.0)
    even.fill(frames_at([0, 1]))
    filled = even.fill(frames_at([10, 11], is_restart=True))
    assert filled.is_given.tolist() == [True, True]


def test_jittering_stamps_are_not_lost_frames():
    frames = frames_at(range(6))
    jitter = np.array([0, 3, -3, 4, -3, 2]) * 10**6
    jittered = AlignedFrames(
        frames.stamps_ns + jitter, frames.rotations, frames.positions, frames.is_valid, False, 0)
    assert EvenFrames(60.0).fill(jittered).is_given.all()


def test_a_filled_frame_has_a_pose_only_of_trackers_that_have_one_on_both_sides():
    even = EvenFrames(60.0)
    even.fill(frames_at([0], lost=[(0, 1)]))
    filled = even.fill(frames_at([3, 6], lost=[(6, 2)]))
    assert filled.is_given.tolist() == [False, False, True, False, False, True]
    assert filled.is_valid[:, 0].all()
    assert filled.is_valid[:, 1].tolist() == [False, False, True, True, True, True]
    assert filled.is_valid[:, 2].tolist() == [True, True, True, False, False, False]
    whole = frames_at(range(1, 7))
    np.testing.assert_allclose(
        filled.positions[filled.is_valid], whole.positions[filled.is_valid], atol=1e-9)
    assert geodesic_angle(
        filled.rotations[filled.is_valid], whole.rotations[filled.is_valid]).max() < 1e-6
    assert np.isnan(filled.positions[~filled.is_valid]).all()
    assert np.isnan(filled.rotations[~filled.is_valid]).all()


def test_a_tracker_without_any_pose_does_not_stop_the_filling():
    even = EvenFrames(60.0)
    lost = [(slot, tracker) for slot in (0, 2) for tracker in (1, 2)]
    filled = even.fill(frames_at([0, 2], lost=lost))
    assert filled.is_given.tolist() == [True, False, True]
    assert filled.is_valid.tolist() == [[True, False, False]] * 3


def test_what_a_late_estimator_dropped_is_not_given_to_it_after_all_but_what_was_lost_is():
    for may_fill, given in (
            (True, [False] * 3 + [True, False, True]), (False, [True, False, True])):
        even = EvenFrames(60.0)
        even.fill(frames_at([0]))
        filled = even.fill(replace(frames_at([4, 6]), dropped=3), may_fill_dropped=may_fill)
        assert filled.is_given.tolist() == given
        assert even.filled == given.count(False)
        assert even.fill(frames_at([7, 9]), may_fill_dropped=may_fill).is_given.tolist() == [
            True, False, True]
