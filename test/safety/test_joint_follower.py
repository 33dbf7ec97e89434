# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a robot's joints do whatever is asked of them."""

from __future__ import annotations

from hypothesis import given, settings, strategies
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.safety.joint_follower import JointFollower
import numpy as np
import pytest

DT_S = 1.0 / 60.0
LIMITS = JointLimits(
    np.array([-2.0, -1.0]), np.array([2.0, 1.0]), np.array([4.0, 2.0]), np.array([40.0, 20.0]))


def run(targets: np.ndarray, start: np.ndarray, **options) -> np.ndarray:
    follower = JointFollower(LIMITS, start)
    return np.array([start, *(follower.follow(target, DT_S, **options) for target in targets)])


@settings(max_examples=60, deadline=None)
@given(strategies.lists(strategies.floats(-3.0, 3.0), min_size=3, max_size=60))
def test_no_target_moves_a_joint_beyond_a_limit(wanted: list[float]) -> None:
    path = run(np.array(wanted)[:, None] * [1.0, 0.5], np.zeros(2))
    speeds = np.diff(path, axis=0) / DT_S
    changes = np.diff(np.vstack((np.zeros(2), speeds)), axis=0) / DT_S
    assert (path >= LIMITS.lower - 1e-9).all() and (path <= LIMITS.upper + 1e-9).all()
    assert (np.abs(speeds) <= LIMITS.velocity + 1e-9).all()
    assert (np.abs(changes) <= LIMITS.acceleration + 1e-6).all()


@pytest.mark.parametrize('goal', (1.5, 0.3, 0.01, -1.9))
def test_a_target_that_stands_is_reached_and_not_passed(goal: float) -> None:
    path = run(np.full((240, 2), [goal, 0.0]), np.zeros(2))[:, 0]
    assert path[-1] == pytest.approx(goal, abs=1e-6)
    assert np.abs(path).max() <= abs(goal) + 1e-9


def test_a_target_that_moves_within_the_limits_is_followed_exactly_once_reached() -> None:
    times = np.arange(300) * DT_S
    targets = np.stack([0.8 * np.sin(3.0 * times), 0.4 * np.cos(3.0 * times)], axis=-1)
    path = run(targets, np.array([-1.0, -1.0]))[1:]
    assert np.abs(path - targets)[120:].max() < 1e-9


def test_a_slow_approach_is_slow() -> None:
    path = run(np.full((60, 2), 1.0), np.zeros(2), max_speed_rad_s=0.5)
    assert np.abs(np.diff(path, axis=0)).max() <= 0.5 * DT_S + 1e-12


def test_a_stop_comes_to_rest_within_the_acceleration() -> None:
    follower = JointFollower(LIMITS, np.zeros(2))
    for frame in range(30):
        follower.follow(np.array([0.06, 0.03]) * frame, DT_S)
    speeds = [follower.speed]
    for _ in range(20):
        follower.stop(DT_S)
        speeds.append(follower.speed)
    assert np.abs(speeds[-1]).max() < 1e-12
    assert (np.abs(np.diff(speeds, axis=0)) <= LIMITS.acceleration * DT_S + 1e-9).all()


def test_a_joint_measured_beyond_its_limit_only_comes_back() -> None:
    path = run(np.full((120, 2), [2.0, 0.0]), np.array([2.08, 0.0]))[:, 0]
    assert (np.diff(path) <= 1e-12).all()
    assert path[-1] == pytest.approx(2.0, abs=1e-6)
