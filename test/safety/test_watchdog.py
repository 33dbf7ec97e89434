# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hazards of the watchdog: believing a body that nobody moves, or holding one that moves."""

from __future__ import annotations

import pytest

from motion_avatar_ros.safety.follow_budgets import FollowBudgets
from motion_avatar_ros.safety.watchdog import FollowState, TrackerWatchdog

TRACKERS = ('head', 'left_hand', 'right_hand')
STALE_S = 0.25


@pytest.fixture
def watchdog() -> TrackerWatchdog:
    return TrackerWatchdog(TRACKERS, FollowBudgets(STALE_S, STALE_S, STALE_S, STALE_S))


def feed(watchdog: TrackerWatchdog, now_s: float, trackers=TRACKERS, is_accepted=True) -> None:
    for tracker in trackers:
        watchdog.on_sample(tracker, is_accepted, now_s)


def test_a_tracker_that_never_appears_is_named(watchdog):
    feed(watchdog, 0.0, ('head', 'right_hand'))
    status = watchdog.status(10.0)
    assert status.state is FollowState.WAITING
    assert status.trackers == ('left_hand',)


def test_refused_samples_alone_do_not_make_a_tracker_appear(watchdog):
    feed(watchdog, 0.0, is_accepted=False)
    assert watchdog.status(0.0).state is FollowState.WAITING


def test_one_stopped_tracker_holds_and_its_return_tracks(watchdog):
    feed(watchdog, 0.0)
    watchdog.on_pose(0.0)
    assert watchdog.status(0.1).state is FollowState.TRACKING
    feed(watchdog, 0.3, ('head', 'left_hand'))
    status = watchdog.status(0.3)
    assert (status.state, status.trackers) == (FollowState.HOLD, ('right_hand',))
    feed(watchdog, 0.4)
    watchdog.on_pose(0.4)
    assert watchdog.status(0.4).state is FollowState.TRACKING


def test_a_stream_of_refused_samples_holds_and_says_so(watchdog):
    feed(watchdog, 0.0)
    watchdog.on_pose(0.0)
    feed(watchdog, 0.3, ('head', 'left_hand'))
    feed(watchdog, 0.3, ('right_hand',), is_accepted=False)
    status = watchdog.status(0.3)
    assert status.state is FollowState.HOLD
    assert 'refused' in status.reason


def test_fresh_trackers_without_any_frame_hold_after_a_while(watchdog):
    feed(watchdog, 0.0)
    assert watchdog.status(0.1).state is FollowState.WAITING
    feed(watchdog, 0.5)
    status = watchdog.status(0.5)
    assert (status.state, 'one clock' in status.reason) == (FollowState.HOLD, True)


@pytest.mark.parametrize(('late', 'alone_s'), [
    ('head', 0.1), ('left_hand', 0.2), ('right_hand', 0.2), ('pelvis', 0.4)])
def test_each_kind_of_tracker_has_its_own_budget(late, alone_s):
    names = (*TRACKERS, 'pelvis')
    watchdog = TrackerWatchdog(names, FollowBudgets(0.1, 0.2, 0.4, 0.8))
    feed(watchdog, 0.0, names)
    feed(watchdog, alone_s + 0.01, [name for name in names if name != late])
    watchdog.on_pose(alone_s + 0.01)
    assert watchdog.status(alone_s - 0.01).state is FollowState.TRACKING
    status = watchdog.status(alone_s + 0.01)
    assert (status.state, status.trackers) == (FollowState.HOLD, (late,))


def test_inference_has_a_budget_that_is_not_the_trackers():
    watchdog = TrackerWatchdog(TRACKERS, FollowBudgets(pose_s=0.6))
    feed(watchdog, 0.0)
    watchdog.on_pose(0.0)
    watchdog.on_frames(0.1)
    feed(watchdog, 0.5)
    assert watchdog.status(0.5).state is FollowState.TRACKING
    feed(watchdog, 0.7)
    assert watchdog.status(0.7).state is FollowState.HOLD


def test_poses_that_are_not_believed_hold_until_one_is(watchdog):
    feed(watchdog, 0.0)
    watchdog.on_pose(0.0)
    watchdog.on_doubt('the model is not sure')
    status = watchdog.status(0.0)
    assert (status.state, 'not sure' in status.reason) == (FollowState.HOLD, True)
    watchdog.on_pose(0.1)
    assert watchdog.status(0.1).state is FollowState.TRACKING


def test_slow_inference_is_not_blamed_on_the_trackers(watchdog):
    feed(watchdog, 0.0)
    watchdog.on_pose(0.0)
    watchdog.on_frames(0.1)
    feed(watchdog, 0.5)
    status = watchdog.status(0.5)
    assert (status.state, 'inference' in status.reason) == (FollowState.HOLD, True)


def test_an_estimator_error_ends_with_the_next_pose(watchdog):
    feed(watchdog, 0.0)
    watchdog.on_pose(0.0)
    watchdog.on_error('boom')
    status = watchdog.status(0.0)
    assert (status.state, 'boom' in status.reason) == (FollowState.ERROR, True)
    watchdog.on_pose(0.1)
    assert watchdog.status(0.1).state is FollowState.TRACKING


def test_clear_waits_for_everybody_again(watchdog):
    feed(watchdog, 0.0)
    watchdog.on_pose(0.0)
    watchdog.clear()
    assert watchdog.status(0.0).trackers == TRACKERS
    assert watchdog.age_s('head', 1.0) is None
