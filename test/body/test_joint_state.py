# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The 69-value coding: exact, continuous, and decodable at gimbal lock."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ros_local_rotations, smpl_local_rotations
from motion_avatar_ros.body.euler import euler_from_matrix, matrix_from_euler
from motion_avatar_ros.body.joint_state import (
    CHAIN_ORDERS, JOINT_STATE_NAMES, JointStateEncoder, JointStateError, decode_joint_state,
    ordered_values,
)
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX

ORDERS = ('xyz', 'xzy', 'yxz', 'yzx', 'zxy', 'zyx')


def random_pose(seed):
    rotations = Rotation.random(JOINT_COUNT, random_state=seed).as_matrix()
    return BodyPose(rotations, np.random.default_rng(seed).normal(size=3))


def test_there_are_72_names_in_the_documented_order():
    assert len(JOINT_STATE_NAMES) == 69
    assert JOINT_STATE_NAMES[:7] == (
        'root_x', 'root_y', 'root_z', 'root_rx', 'root_ry', 'root_rz', 'left_hip_x')
    assert JOINT_STATE_NAMES[-1] == 'right_wrist_z'


@pytest.mark.parametrize('order', ORDERS)
def test_euler_agrees_with_scipy_and_solves_any_rotation(order):
    angles = np.random.default_rng(1).uniform(-4.0, 4.0, (300, 3))
    matrix = matrix_from_euler(order, angles)
    np.testing.assert_allclose(
        matrix, Rotation.from_euler(order.upper(), angles).as_matrix(), atol=1e-12)
    np.testing.assert_allclose(euler_from_matrix(order, matrix, angles), angles, atol=1e-7)
    far = euler_from_matrix(order, matrix, np.zeros((300, 3)))
    np.testing.assert_allclose(matrix_from_euler(order, far), matrix, atol=1e-12)


@pytest.mark.parametrize('order', ORDERS)
@pytest.mark.parametrize('middle', [np.pi / 2, -np.pi / 2])
def test_gimbal_lock_keeps_the_first_angle_and_the_rotation(order, middle):
    before = np.array([0.7, 1.2, -0.4])
    matrix = matrix_from_euler(order, np.array([0.3, middle, 0.9]))
    angles = euler_from_matrix(order, matrix, before)
    assert angles[0] == pytest.approx(before[0])
    np.testing.assert_allclose(matrix_from_euler(order, angles), matrix, atol=1e-9)


def test_every_pose_decodes_to_its_rotations():
    encoder = JointStateEncoder()
    for seed in range(100):
        pose = random_pose(seed)
        decoded = decode_joint_state(encoder.encode(pose))
        assert geodesic_angle(decoded.local_rotations, pose.local_rotations).max() < 1e-6
        np.testing.assert_array_equal(decoded.root_position, pose.root_position)


def test_turning_on_the_spot_for_ever_never_wraps():
    encoder = JointStateEncoder()
    values = []
    for angle in np.arange(0.0, 30.0, 0.05):
        ros = np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)).copy()
        ros[0] = Rotation.from_euler('z', angle).as_matrix()
        values.append(encoder.encode(BodyPose(smpl_local_rotations(ros), np.zeros(3))))
    assert np.abs(np.diff(values, axis=0)).max() < 0.051


def test_a_knee_bends_through_a_right_angle_without_a_jump():
    encoder = JointStateEncoder()
    knee = JOINT_INDEX['left_knee']
    values = []
    for bend in np.radians(np.arange(0.0, 150.0, 1.0)):
        local = np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)).copy()
        local[knee] = Rotation.from_euler('XYZ', [bend, 0.05, 0.03]).as_matrix()
        values.append(encoder.encode(BodyPose(local, np.zeros(3))))
    assert np.degrees(np.abs(np.diff(values, axis=0)).max()) < 2.0


def test_joint_axes_are_ros_axes():
    ros = np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)).copy()
    elbow = JOINT_INDEX['left_elbow']
    ros[elbow] = Rotation.from_euler('z', 0.5).as_matrix()
    values = JointStateEncoder().encode(BodyPose(smpl_local_rotations(ros), np.zeros(3)))
    moved = {JOINT_STATE_NAMES[slot] for slot in np.flatnonzero(np.abs(values) > 1e-9)}
    assert moved == {'left_elbow_z'}
    np.testing.assert_allclose(ros_local_rotations(smpl_local_rotations(ros)), ros, atol=1e-12)


def test_chain_orders_are_the_documented_ones():
    orders = {name: CHAIN_ORDERS[index] for name, index in JOINT_INDEX.items()}
    assert {orders['left_shoulder'], orders['right_shoulder']} == {'xzy'}
    assert {orders['left_elbow'], orders['right_elbow']} == {'zxy'}
    assert sum(order == 'yxz' for order in CHAIN_ORDERS) == JOINT_COUNT - 4


def test_received_names_in_any_order_are_sorted_out():
    values = np.arange(69.0)
    shuffled = np.random.default_rng(0).permutation(69)
    names = [JOINT_STATE_NAMES[slot] for slot in shuffled]
    np.testing.assert_array_equal(ordered_values(names, values[shuffled]), values)


@pytest.mark.parametrize('names, positions, told', [
    (JOINT_STATE_NAMES[:-1], np.zeros(68), 'right_wrist_z'),
    (JOINT_STATE_NAMES, np.zeros(68), '69 names but 68 positions'),
    (JOINT_STATE_NAMES, np.full(69, np.nan), "'root_x' is not finite"),
])
def test_no_whole_pose_is_refused_and_says_why(names, positions, told):
    with pytest.raises(JointStateError, match=told):
        ordered_values(list(names), positions)
