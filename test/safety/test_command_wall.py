# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the last wall lets through, whatever comes."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.safety.command_wall import CommandWall
from motion_avatar_ros.safety.joint_follower import JointFollower
import numpy as np
import pytest

DT_S = 1.0 / 60.0
NAMES = ('shoulder', 'elbow', 'wrist')
LIMITS = JointLimits(
    np.array([-2.0, 0.0, -1.0]), np.array([2.0, 2.5, 1.0]), np.array([4.0, 3.0, 5.0]),
    np.array([40.0, 30.0, 50.0]))
ANYTHING = arrays(float, 3, elements=st.one_of(
    st.floats(-1e12, 1e12), st.sampled_from([np.nan, np.inf, -np.inf])))
NEAR = arrays(float, 3, elements=st.floats(-3.0, 3.0))
TIMES = st.floats(0.002, 0.1)


def wall(position: tuple[float, ...] = (0.0, 1.0, 0.0)) -> CommandWall:
    built = CommandWall(NAMES, LIMITS)
    built.begin(np.array(position))
    return built


def check(sent: list[np.ndarray], times_s: list[float]) -> None:
    """Assert that what was sent keeps to all limits, from rest at its first."""
    positions = np.array(sent)
    speeds = np.diff(positions, axis=0) / np.array(times_s)[:, None]
    changes = np.diff(np.vstack((np.zeros(3), speeds)), axis=0) / np.array(times_s)[:, None]
    assert np.isfinite(positions).all()
    assert (positions <= np.maximum(LIMITS.upper, positions[0]) + 1e-5).all()
    assert (positions >= np.minimum(LIMITS.lower, positions[0]) - 1e-5).all()
    assert (np.abs(speeds) <= LIMITS.velocity * 1.0001 + 1e-5).all()
    inside = (positions[1:] < LIMITS.upper) & (positions[1:] > LIMITS.lower)
    assert (np.abs(changes)[inside] <= (
        np.broadcast_to(LIMITS.acceleration, changes.shape)[inside] * 1.0001 + 1e-4)).all()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.one_of(ANYTHING, NEAR), TIMES), min_size=1, max_size=30))
def test_whatever_is_commanded_what_is_sent_keeps_to_all_limits(commands):
    judged = wall()
    sent = [np.array([0.0, 1.0, 0.0])]
    for joints, dt_s in commands:
        sent.append(judged.passed(joints, dt_s))
    check(sent, [dt_s for _, dt_s in commands])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NEAR, TIMES), min_size=1, max_size=40))
def test_what_the_follower_makes_of_any_target_passes_unchanged(commands):
    start = np.array([0.0, 1.0, 0.0])
    judged, follower = wall(), JointFollower(LIMITS, start)
    for target, dt_s in commands:
        joints = follower.follow(target, dt_s)
        np.testing.assert_array_equal(judged.passed(joints, dt_s), joints)
    assert not judged.rejected


def test_each_rule_is_counted_by_its_name_and_told():
    for joints, rule in (
            (np.zeros(2), 'joints'), (np.array([np.nan, 1.0, 0.0]), 'finite'),
            (np.array([0.0, -0.001, 0.0]), 'position'), (np.array([0.07, 1.0, 0.0]), 'velocity'),
            (np.array([0.05, 1.0, 0.0]), 'acceleration')):
        judged = wall((0.0, 0.0, 0.0) if rule == 'position' else (0.0, 1.0, 0.0))
        judged.passed(joints, DT_S)
        assert judged.rejected == {rule: 1}
        assert judged.last_anomaly


def test_a_moving_robot_brakes_where_a_command_is_rejected_and_does_not_stop_dead():
    judged = wall()
    position = np.array([0.0, 1.0, 0.0])
    for frame in range(1, 6):
        position = position + [frame * 0.5 * DT_S, 0.0, 0.0]
        judged.passed(position, DT_S)
    steps = np.diff([position] + [judged.passed(np.full(3, np.nan), DT_S) for _ in range(6)],
                    axis=0)[:, 0]
    assert (steps[:3] > 0.0).all() and (np.diff(steps) <= 1e-12).all() and steps[-1] == 0.0
    assert not judged.is_trusting


def test_one_bad_command_among_good_ones_does_not_end_trust():
    judged = wall()
    start = np.array([0.0, 1.0, 0.0])
    for _ in range(10):
        judged.passed(np.full(3, np.nan), DT_S)
        assert judged.is_trusting
        judged.passed(start, DT_S)
    assert judged.rejected['finite'] == 10


def test_a_joint_beyond_its_limit_may_come_back_and_go_no_further():
    judged = wall((2.05, 1.0, 0.0))
    assert judged.passed(np.array([2.049, 1.0, 0.0]), DT_S)[0] == 2.049
    assert judged.passed(np.array([2.0495, 1.0, 0.0]), DT_S)[0] <= 2.049
    assert judged.rejected['position'] == 1


def test_nothing_passes_before_it_is_known_where_the_robot_is():
    judged = CommandWall(NAMES, LIMITS)
    with pytest.raises(ValueError, match='where the robot is'):
        judged.passed(np.zeros(3), DT_S)
    with pytest.raises(ValueError, match='finite'):
        judged.begin(np.array([0.0, np.nan, 0.0]))
