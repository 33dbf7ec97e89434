# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Trials of planted operators count what they say, and calibrate as the solver does."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from calibration_stretches import material
from guided_take import tracker_offsets
import numpy as np
import pytest

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.calibration import Calibration, CalibrationRefusedError
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.training import calibration_trials
from motion_avatar_ros.training.calibration_takes import planted_operator, unplanted_operator
from motion_avatar_ros.training.calibration_trials import (
    HEIGHT_LIMIT_M, Misses, POSITION_LIMIT_M, ROTATION_LIMIT_RAD, Recovery, TAKE_KINDS, recover,
    recover_operators, run_trials,
)
from motion_avatar_ros.training.online_evaluation import ClipEstimate, TrueTrackers

NO_MISSES = Misses(0.0, np.zeros(3), np.zeros(3))
# What every take gives where the solver is left out.
FOUND = replace(unplanted_operator(3), height_m=1.7, positions_m=np.full((3, 3), 0.02))


def true_calibration(operator):
    return Calibration(
        height_m=operator.height_m, arm_scale=operator.arm_scale, floor_m=operator.floor_m,
        offsets=tracker_offsets(operator.positions_m, operator.turns, TRACKER_NAMES))


def recovery(seed):
    operator = planted_operator(np.random.default_rng(seed), 3)
    return Recovery(operator, true_calibration(operator), (), NO_MISSES, NO_MISSES)


@pytest.fixture
def calls(monkeypatch):
    """Let every take give the truth at once, but refuse the first ones; return what was solved."""
    solved = SimpleNamespace(takes=[], refusals=0)

    def solve(take):
        solved.takes.append(take)
        if len(solved.takes) <= solved.refusals:
            raise CalibrationRefusedError(f'no {len(solved.takes)}')
        return true_calibration(FOUND)
    monkeypatch.setattr(calibration_trials, 'solve_calibration', solve)
    return solved


def test_planted_operator_is_found_by_the_solver_within_the_limits():
    found = recover(material(), TRACKER_NAMES, 1, strays_rad=0.0)
    assert found.refused == ()
    misses = found.planted_misses
    assert abs(misses.height_m) < HEIGHT_LIMIT_M
    assert misses.positions_m.max() < POSITION_LIMIT_M
    assert misses.rotations_rad.max() < ROTATION_LIMIT_RAD
    assert found.misses.height_m == found.calibration.height_m - found.operator.height_m
    assert found.misses.positions_m.shape == found.misses.rotations_rad.shape == (3,)


def test_misses_are_from_the_operator_and_from_what_was_planted(calls):
    found = recover(material(), TRACKER_NAMES, 3)
    operator = found.operator
    assert found.misses.height_m == pytest.approx(1.7 - operator.height_m)
    np.testing.assert_allclose(
        found.misses.positions_m,
        np.linalg.norm(operator.positions_m - FOUND.positions_m, axis=-1), atol=1e-12)
    # The plain take gives the same, and what is planted comes on top of it.
    assert found.planted_misses.height_m == pytest.approx(1.7 - 1.7 * operator.scale)
    planted = operator.positions_m + np.einsum('nij,nj->ni', operator.turns, FOUND.positions_m)
    np.testing.assert_allclose(
        found.planted_misses.positions_m,
        np.linalg.norm(planted - FOUND.positions_m, axis=-1), atol=1e-12)
    np.testing.assert_allclose(
        found.planted_misses.rotations_rad, found.misses.rotations_rad, atol=1e-9)


def test_take_that_is_refused_is_done_again_and_counted(calls):
    calls.refusals = 2
    found = recover(material(), TRACKER_NAMES, 0)
    assert found.refused == ('no 1', 'no 2') and len(calls.takes) == 4
    first, second = (take.steps['t_pose'].positions for take in calls.takes[:2])
    assert np.abs(first - second).max() > 1e-6  # another take
    operator = planted_operator(np.random.default_rng(0), 3)
    np.testing.assert_array_equal(found.operator.turns, operator.turns)  # of the same person


def test_operator_whose_takes_are_all_refused_ends_it_with_the_last_reason(calls):
    calls.refusals = 99
    with pytest.raises(MotionAvatarError, match='planted operator 5: .* last: no 10'):
        recover(material(), TRACKER_NAMES, 5)
    assert len(calls.takes) == 10


def test_every_operator_calibrates_once_in_every_kind_of_take(calls):
    counted = []
    found = recover_operators(material(), TRACKER_NAMES, 2, counted.append)
    assert tuple(found) == tuple(TAKE_KINDS) and counted == [1] * 2 * len(TAKE_KINDS)
    for kind in TAKE_KINDS:
        assert [each.operator.height_m for each in found[kind]] == [
            each.operator.height_m for each in found['as asked']]
    assert len(calls.takes) == 4 * len(TAKE_KINDS)


@pytest.fixture
def seen(monkeypatch):
    """Let a model that knows the truth estimate; return what trackers it was shown, by trial."""
    shown = []

    def estimate(estimator, motions, on_frames, trackers):
        shown.append([trackers(clip, motion.poses) for clip, motion in enumerate(motions)])
        for clip, motion in reversed(list(enumerate(motions))):
            count = len(motion.poses.root_position)
            if on_frames is not None:
                on_frames(count)
            yield ClipEstimate(clip, motion.poses, motion.poses, np.ones((count, 2)))
    monkeypatch.setattr(calibration_trials, 'estimate_clips', estimate)
    return shown


@pytest.fixture(scope='module')
def motions():
    whole = builtin_motion('mix', 10.0)
    return [replace(whole, poses=whole.poses[start:start + 20]) for start in (0, 40, 80, 120, 160)]


def run(motions, recoveries, on_frames=None):
    estimator = SimpleNamespace(tracker_names=TRACKER_NAMES)
    return run_trials(estimator, motions, {kind: recoveries for kind in TAKE_KINDS}, on_frames)


def test_true_calibration_shows_the_model_its_own_body_and_costs_nothing(motions, seen):
    frames = []
    trials = run(motions, tuple(map(recovery, range(2))), frames.append)
    assert trials.tracker_names == TRACKER_NAMES
    assert trials.undisturbed_cm == 0.0
    assert tuple(trials.calibrated_cm) == tuple(trials.recoveries) == tuple(TAKE_KINDS)
    assert max(trials.calibrated_cm.values()) < 1e-6 < 1.0 < trials.uncalibrated_cm
    assert sum(frames) == (2 + len(TAKE_KINDS)) * 20 * len(motions)
    true, (undisturbed, uncalibrated, *calibrated) = TrueTrackers(TRACKER_NAMES), seen
    for clip, motion in enumerate(motions):
        expected = true(clip, motion.poses)
        for trial in (undisturbed, *calibrated):
            for mine, truth in zip(trial[clip], expected, strict=True):
                np.testing.assert_allclose(mine, truth, atol=1e-9)
        assert np.abs(uncalibrated[clip][1] - expected[1]).max() > 0.02


def test_error_without_a_calibration_is_that_of_the_size_alone_at_the_models_size(
        motions, seen):
    operator = replace(unplanted_operator(3), height_m=2.0)
    trials = run(motions, (Recovery(
        operator, true_calibration(operator), (), NO_MISSES, NO_MISSES),))
    joints_m = np.concatenate([motion.poses[1:].global_joints()[1] for motion in motions])
    expected_cm = 100.0 * (1.0 - 1.0 / operator.scale) * np.linalg.norm(
        joints_m, axis=-1).mean()
    assert trials.uncalibrated_cm == pytest.approx(expected_cm, rel=1e-9)


def test_operators_perform_in_turn(motions, seen):
    recoveries = tuple(map(recovery, range(2)))
    run(motions, recoveries)
    for clip, motion in enumerate(motions):
        devices = recoveries[clip % 2].operator.devices(motion.poses, TRACKER_NAMES)
        np.testing.assert_allclose(seen[1][clip][1], devices[1], atol=1e-12)


def test_clip_without_a_scored_frame_counts_for_nothing(motions, seen):
    short = replace(motions[0], poses=motions[0].poses[:1])
    recoveries = (recovery(0),)
    assert run([*motions, short], recoveries).uncalibrated_cm == run(
        motions, recoveries).uncalibrated_cm
