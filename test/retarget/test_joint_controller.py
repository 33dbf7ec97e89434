# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Commands become targets as controllers of ros2_control make them, or are refused whole."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.retarget.joint_controller import (
    MOST_POINTS, CommandRefusedError, JointController,
)

NAMES = ('a', 'b', 'c')
ELSEWHERE = np.full(3, 0.5)


def controller(**options) -> JointController:
    return JointController(NAMES, np.full(3, -1.0), np.full(3, 1.0), np.zeros(3), **options)


def test_the_start_pose_is_kept_until_a_command_comes():
    assert (controller().target(7.0, ELSEWHERE) == 0.0).all()


def test_a_trajectory_goes_from_the_last_target_along_lines():
    joints = controller()
    joints.take_trajectory(['b', 'a'], [0.1, 0.2], [[0.4, 0.2], [0.4, -0.2]], None, 1.0)
    assert joints.target(1.0, ELSEWHERE) == pytest.approx([0.0, 0.0, 0.0])
    assert joints.target(1.05, ELSEWHERE) == pytest.approx([0.1, 0.2, 0.0])
    assert joints.target(1.15, ELSEWHERE) == pytest.approx([0.0, 0.4, 0.0])
    assert joints.target(9.0, ELSEWHERE) == pytest.approx([-0.2, 0.4, 0.0])


def test_a_new_trajectory_replaces_the_old_one_where_it_is():
    joints = controller()
    joints.take_trajectory(['a', 'b'], [1.0], [[1.0, 1.0]], None, 0.0)
    joints.target(0.4, ELSEWHERE)
    joints.take_trajectory(['a'], [1.0], [[0.0]], None, 0.5)
    assert joints.target(0.5, ELSEWHERE) == pytest.approx([0.5, 0.5, 0.0])
    assert joints.target(1.0, ELSEWHERE) == pytest.approx([0.25, 0.5, 0.0])


def test_it_may_begin_where_the_joints_are_measured():
    joints = controller(is_from_target=False)
    joints.take_trajectory(['a'], [1.0], [[1.0]], None, 0.0)
    assert joints.target(0.0, ELSEWHERE)[0] == pytest.approx(0.5)
    assert joints.target(0.5, ELSEWHERE)[0] == pytest.approx(0.75)


def test_velocities_make_cubics_that_keep_to_them():
    joints = controller()
    joints.take_trajectory(
        ['a'], [1.0, 2.0], [[0.3], [0.6]], [[0.3], [0.0]], 0.0)
    times_s = np.linspace(0.0, 2.0, 2001)
    path = np.array([joints.target(time_s, ELSEWHERE)[0] for time_s in times_s])
    speed = np.gradient(path, times_s)
    assert path[[0, 1000, 2000]] == pytest.approx([0.0, 0.3, 0.6])
    assert speed[[1, 1000, 1999]] == pytest.approx([0.0, 0.3, 0.0], abs=0.005)
    assert np.abs(np.diff(speed)).max() < 0.005


@pytest.mark.parametrize('delay_s', [0.0, 0.12])
def test_a_delay_delays_by_that(delay_s):
    joints = controller(delay_s=delay_s)
    joints.take_positions([0.3, 0.0, 0.0], 1.0)
    joints.take_trajectory(['a'], [0.1], [[0.5]], None, 1.05)
    if delay_s:
        assert (joints.target(1.0 + delay_s - 1e-6, ELSEWHERE) == 0.0).all()
    assert joints.target(1.0 + delay_s + 1e-6, ELSEWHERE)[0] == 0.3
    # A late step makes up for both, each at its own time.
    assert joints.target(1.1 + delay_s, ELSEWHERE)[0] == pytest.approx(0.4)


def test_a_start_in_time_is_kept_to():
    joints = controller(delay_s=0.1)
    joints.take_trajectory(['a'], [0.0, 1.0], [[0.5], [1.0]], None, 0.0, start_s=0.5)
    assert joints.target(0.3, ELSEWHERE)[0] == pytest.approx(0.25)
    assert joints.target(1.0, ELSEWHERE)[0] == pytest.approx(0.75)
    joints.take_trajectory(['a'], [0.0, 1.0], [[0.0], [-1.0]], None, 2.0, start_s=1.6)
    assert joints.target(2.1, ELSEWHERE)[0] == pytest.approx(-0.5)


def test_a_single_point_at_once_is_reached_at_once():
    joints = controller()
    joints.take_trajectory(['a'], [0.0], [[0.5]], None, 1.0)
    assert joints.target(1.0, ELSEWHERE)[0] == 0.5


def test_positions_are_in_the_order_of_their_names():
    joints = controller(position_names=('c', 'a'))
    joints.take_positions([0.3, 0.1], 0.0)
    assert joints.target(0.0, ELSEWHERE) == pytest.approx([0.1, 0.0, 0.3])
    with pytest.raises(CommandRefusedError, match='twice'):
        controller(position_names=('a', 'a'))


def test_targets_beyond_limits_are_cut_and_counted():
    joints = controller()
    joints.take_positions([5.0, 0.0, -5.0], 0.0)
    assert joints.target(0.0, ELSEWHERE) == pytest.approx([1.0, 0.0, -1.0])
    # A cubic may leave the limits between points that keep to them.
    joints.take_trajectory(['a'], [1.0, 2.0], [[0.9], [0.9]], [[3.0], [0.0]], 0.0)
    assert max(joints.target(time_s, ELSEWHERE)[0] for time_s in np.linspace(0, 2, 99)) <= 1.0
    assert joints.cut == 1


@pytest.mark.parametrize(('given', 'word'), [
    ((['a', 'x'], [0.1], [[0.1, 0.1]], None), "'x' is no joint"),
    ((['a', 'a'], [0.1], [[0.1, 0.1]], None), 'twice'),
    (([], [0.1], [[]], None), 'no joint'),
    ((['a'], [], [], None), '0 points'),
    ((['a'], [*range(MOST_POINTS + 1)], [[0.1]] * (MOST_POINTS + 1), None), 'points'),
    ((['a'], [0.1], [[0.1, 0.2]], None), 'one for each'),
    ((['a'], [0.1], [[]], None), 'one for each'),
    ((['a'], [0.1], [[float('nan')]], None), 'finite'),
    ((['a'], [0.1], [[float('inf')]], None), 'finite'),
    ((['a'], [0.1], [[0.1]], [[float('nan')]]), 'finite'),
    ((['a'], [0.2, 0.1], [[0.1], [0.1]], None), 'rise'),
    ((['a'], [-0.1], [[0.1]], None), 'rise'),
    ((['a'], [0.1], [[0.1]], [[0.5]]), 'at rest'),
    ((['a'], [0.1], [[0.1]], None, 9.0, 1.0), 'over')])
def test_what_no_controller_takes_is_refused_and_changes_nothing(given, word):
    joints = controller()
    joints.take_trajectory(['a'], [0.1], [[0.7]], None, 0.0)
    arguments = given if len(given) > 4 else (*given, 0.05)
    with pytest.raises(CommandRefusedError, match=word):
        joints.take_trajectory(*arguments)
    assert joints.target(10.0, ELSEWHERE) == pytest.approx([0.7, 0.0, 0.0])


@pytest.mark.parametrize('values', [[0.1, 0.1], [0.1] * 4, [], [0.1, float('nan'), 0.1]])
def test_bad_positions_are_refused(values):
    joints = controller()
    with pytest.raises(CommandRefusedError):
        joints.take_positions(values, 0.0)
    assert (joints.target(1.0, ELSEWHERE) == 0.0).all()


def test_commands_do_not_pile_up_without_end():
    joints = controller(delay_s=2.0)
    with pytest.raises(CommandRefusedError, match='within the delay'):
        for _ in range(20_000):
            joints.take_positions(np.zeros(3), 0.0)
