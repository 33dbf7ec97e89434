# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's pose and commands as messages."""

from __future__ import annotations

from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.ros.robot_messages import (
    base_transform, forward_command, measured_joints, trajectory,
)
import numpy as np
import pytest
from sensor_msgs.msg import JointState


def test_a_base_is_placed_and_turned_under_its_frame():
    message = base_transform(
        rotation_about_z(np.array(np.pi / 2)), np.array([1.0, 2.0, 3.0]), 1_500_000_000, 'odom',
        'robot/pelvis')
    assert (message.header.frame_id, message.child_frame_id) == ('odom', 'robot/pelvis')
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (1, 500_000_000)
    assert message.transform.translation.y == 2.0
    assert message.transform.rotation.z == pytest.approx(0.5 ** 0.5)
    assert message.transform.rotation.w == pytest.approx(0.5 ** 0.5)


@pytest.mark.parametrize(
    ('seconds', 'expected'), [(0.05, (0, 50_000_000)), (1.25, (1, 250_000_000))])
def test_a_trajectory_is_one_point_from_now_on_without_velocities(seconds, expected):
    message = trajectory(['a', 'b'], np.array([0.5, -1.0]), seconds)
    [point] = message.points
    assert list(message.joint_names) == ['a', 'b'] and list(point.positions) == [0.5, -1.0]
    assert not point.velocities
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (0, 0)
    assert point.time_from_start.sec == expected[0]
    assert point.time_from_start.nanosec == pytest.approx(expected[1], abs=1)


def test_a_forward_command_keeps_the_order():
    assert list(forward_command(np.array([3.0, 1.0, 2.0])).data) == [3.0, 1.0, 2.0]


def test_measured_joints_are_found_by_name_and_missing_ones_are_not_zero():
    message = JointState(name=['b', 'other', 'a'], position=[2.0, 9.0, 1.0])
    joints = measured_joints(message, ['a', 'b', 'c'])
    np.testing.assert_array_equal(joints[:2], [1.0, 2.0])
    assert np.isnan(joints[2])
    assert np.isnan(measured_joints(JointState(name=['a']), ['a'])).all()
