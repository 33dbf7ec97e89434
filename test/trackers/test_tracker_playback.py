# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of a clip played as trackers."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.body.rotations import geodesic_angle, matrix_from_quaternion
from motion_avatar_ros.body.skeleton import HEAD, LEFT_FOOT, LEFT_WRIST, PELVIS
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import Disturbance, TrackerPlayback


@pytest.fixture(scope='module')
def wave() -> Motion:
    return builtin_motion('wave')


@pytest.fixture(scope='module')
def part(wave) -> Motion:
    """Give a clip that does not end where it began: the arm goes up and stays there."""
    return Motion(wave.poses[:100], wave.rate_hz)


def _play(motion: Motion, names=TRACKER_NAMES, rate_hz=60.0, **arguments) -> TrackerPlayback:
    return TrackerPlayback(motion, rate_hz, names, **arguments)


def test_trackers_are_where_the_truth_has_its_joints(wave):
    names = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)
    playback = _play(wave, names)
    for number in (0, 77, 1000):
        frame = playback.frame(number)
        rotations, positions = frame.truth.global_joints()
        for tracker, joint in (('head', HEAD), ('left_hand', LEFT_WRIST), ('pelvis', PELVIS),
                               ('left_foot', LEFT_FOOT)):
            slot = names.index(tracker)
            assert np.allclose(frame.positions[slot], positions[joint], atol=1e-12)
            assert np.allclose(matrix_from_quaternion(frame.quaternions_xyzw[slot]),
                               ros_global_rotations(rotations[joint]), atol=1e-12)


def test_head_axes_follow_rep_103():
    playback = _play(builtin_motion('walk'))
    before, after = playback.frame(300), playback.frame(306)
    course = after.positions[0] - before.positions[0]
    axes = matrix_from_quaternion(after.quaternions_xyzw[0])
    assert axes[2, 2] > 0.95  # z up
    assert axes[:2, 0] @ course[:2] / np.linalg.norm(course[:2]) > 0.8  # x along the walk
    hands = after.positions[1] - after.positions[2]
    assert hands @ axes[:, 1] > 0.2  # the left hand is to the left


def test_double_speed_shows_every_other_frame(wave):
    normal, fast = _play(wave), _play(wave, speed=2.0)
    assert np.allclose(fast.frame(40).positions, normal.frame(80).positions, atol=2e-3)


def test_clip_of_another_rate_keeps_its_duration(part):
    playback = _play(Motion(part.poses, 24.0), is_looping=False)
    assert playback.loop_frames == pytest.approx(99 / 24 * 60, abs=1.5)


def test_clip_without_loop_ends(part):
    playback = _play(part, is_looping=False)
    assert playback.frame(99) is not None
    assert playback.frame(100) is None


def test_looped_clip_never_teleports_and_gives_no_truth_on_the_way_back(part):
    playback = _play(part)
    frames = [playback.frame(number) for number in range(2 * playback.loop_frames + 1)]
    positions = np.stack([frame.positions for frame in frames])
    assert np.linalg.norm(np.diff(positions, axis=0), axis=-1).max() * 60.0 < 3.0
    has_truth = [frame.truth is not None for frame in frames]
    assert has_truth == [number % playback.loop_frames < 100 for number in range(len(frames))]
    assert playback.transition_s > 0.3


def test_jump_returns_within_one_frame(part):
    playback = _play(part, transition='jump')
    assert playback.loop_frames == 100
    assert np.array_equal(playback.frame(100).positions, playback.frame(0).positions)


def test_noise_is_that_of_the_seed_whatever_was_asked_before(wave):
    disturbance = Disturbance(position_m=0.01, rotation_rad=0.02, dropout_per_s=1.0, seed=7)
    one, two = _play(wave, disturbance=disturbance), _play(wave, disturbance=disturbance)
    for number in (900, 3, 255, 256):
        one.frame(number)
    for number in (3, 256, 900):
        assert np.array_equal(one.frame(number).positions, two.frame(number).positions)
        assert np.array_equal(one.frame(number).quaternions_xyzw,
                              two.frame(number).quaternions_xyzw)
        assert np.array_equal(one.frame(number).is_present, two.frame(number).is_present)
    other = _play(wave, disturbance=Disturbance(position_m=0.01, seed=8))
    assert not np.allclose(one.frame(3).positions, other.frame(3).positions)


def test_noise_has_the_wanted_size_and_truth_has_none(wave):
    clean = _play(wave)
    noisy = _play(wave, disturbance=Disturbance(position_m=0.01, rotation_rad=0.03))
    numbers = range(2000)
    moved = np.stack([noisy.frame(n).positions - clean.frame(n).positions for n in numbers])
    assert moved.std() == pytest.approx(0.01, rel=0.05)
    turned = np.stack([geodesic_angle(
        matrix_from_quaternion(noisy.frame(n).quaternions_xyzw),
        matrix_from_quaternion(clean.frame(n).quaternions_xyzw)) for n in numbers])
    assert np.sqrt((turned**2).mean() / 3.0) == pytest.approx(0.03, rel=0.05)
    assert np.abs(moved.mean(axis=0)).max() < 0.001
    assert np.array_equal(noisy.frame(5).truth.root_position, clean.frame(5).truth.root_position)


def test_dropouts_have_their_length_and_frequency_and_spare_other_trackers(wave):
    playback = _play(wave, disturbance=Disturbance(
        dropout_per_s=0.2, dropout_s=0.5, dropout_trackers=('left_hand',), seed=1))
    present = np.stack([playback.frame(n).is_present for n in range(60 * 600)])
    assert present[:, [0, 2]].all()
    edges = np.flatnonzero(np.diff(present[:, 1].astype(int)))
    lengths = np.diff(edges)[::2] if not present[edges[0] + 1, 1] else np.diff(edges[1:])[::2]
    assert lengths.min() == 30
    assert 80 <= len(lengths) <= 150  # 120 in 600 s, less those that join


def test_missing_tracker_is_flagged_and_not_zeroed(wave):
    playback = _play(wave, disturbance=Disturbance(dropout_per_s=10.0, dropout_s=1.0))
    frame = playback.frame(500)
    assert not frame.is_present.any()
    assert np.linalg.norm(frame.positions, axis=-1).min() > 0.5
