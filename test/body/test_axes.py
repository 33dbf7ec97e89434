# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SMPL body axes against ROS body axes."""

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import (
    ROS_FROM_SMPL, ros_global_rotations, ros_local_rotations, ros_offsets, smpl_local_rotations,
)
from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.skeleton import JOINT_COUNT, REST_OFFSETS_M

#: Stands upright in the z-up world and faces along the world's x.
UPRIGHT_FACING_X = ROS_FROM_SMPL


def test_upright_body_facing_x_has_ros_axes_of_the_world():
    np.testing.assert_array_equal(ros_global_rotations(UPRIGHT_FACING_X), np.eye(3))


def test_both_sides_put_joints_at_the_same_places():
    local = Rotation.random(JOINT_COUNT, random_state=3).as_matrix()
    _, smpl = forward_kinematics(local, np.zeros(3), REST_OFFSETS_M)
    _, ros = forward_kinematics(
        ros_local_rotations(local), np.zeros(3), ros_offsets(REST_OFFSETS_M))
    np.testing.assert_allclose(ros, smpl, atol=1e-12)


def test_local_rotations_come_back():
    local = Rotation.random(JOINT_COUNT, random_state=4).as_matrix()
    np.testing.assert_allclose(smpl_local_rotations(ros_local_rotations(local)), local)
