# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rotations: representations agree, in numpy and torch."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import torch

from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, geodesic_angle, matrix_from_6d, matrix_from_axis_angle,
    matrix_from_quaternion, quaternion_from_matrix, rotation_6d_from_matrix, rotation_about_z,
    slerp,
)

RANDOM = Rotation.random(200, random_state=1)


def test_6d_is_the_first_two_columns_and_decodes_back():
    matrix = RANDOM.as_matrix()
    coded = rotation_6d_from_matrix(matrix)
    np.testing.assert_array_equal(coded[:, 3:], matrix[:, :, 1])
    np.testing.assert_allclose(matrix_from_6d(coded), matrix, atol=1e-12)


def test_6d_of_a_network_that_is_no_rotation_decodes_to_one():
    decoded = matrix_from_6d(np.random.default_rng(0).normal(size=(500, 6)))
    np.testing.assert_allclose(
        decoded @ decoded.swapaxes(-1, -2), np.broadcast_to(np.eye(3), (500, 3, 3)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(decoded), 1.0)


def test_6d_of_zeros_is_finite_in_value_and_gradient():
    zeros = torch.zeros(1, 6, requires_grad=True)
    matrix_from_6d(zeros).sum().backward()
    assert torch.isfinite(zeros.grad).all()


def test_numpy_and_torch_agree():
    coded = np.random.default_rng(0).normal(size=(50, 6))
    np.testing.assert_allclose(
        matrix_from_6d(coded), matrix_from_6d(torch.from_numpy(coded)).numpy(), atol=1e-12)


@pytest.mark.parametrize('angle', [1e-7, 1e-3, 0.5, 2.0, np.pi - 1e-3])
def test_geodesic_angle_is_exact_for_small_and_large_turns(angle):
    turned = RANDOM.as_matrix() @ Rotation.from_rotvec([0.0, angle, 0.0]).as_matrix()
    np.testing.assert_allclose(geodesic_angle(RANDOM.as_matrix(), turned), angle, rtol=1e-6)


def test_axis_angle_and_quaternion_are_those_of_scipy():
    matrix = RANDOM.as_matrix()
    np.testing.assert_allclose(axis_angle_from_matrix(matrix), RANDOM.as_rotvec())
    np.testing.assert_allclose(matrix_from_axis_angle(RANDOM.as_rotvec()), matrix, atol=1e-12)
    np.testing.assert_allclose(matrix_from_quaternion(RANDOM.as_quat()), matrix, atol=1e-12)
    np.testing.assert_allclose(
        matrix_from_quaternion(quaternion_from_matrix(matrix)), matrix, atol=1e-12)


def test_slerp_takes_the_shortest_arc_at_constant_speed():
    start, end = RANDOM.as_matrix()[:100], RANDOM.as_matrix()[100:]
    quarter = slerp(start, end, 0.25)
    whole = geodesic_angle(start, end)
    np.testing.assert_allclose(geodesic_angle(start, quarter), 0.25 * whole, atol=1e-9)
    np.testing.assert_allclose(geodesic_angle(quarter, end), 0.75 * whole, atol=1e-9)


def test_rotation_about_z_turns_x_towards_y():
    np.testing.assert_allclose(
        rotation_about_z(np.array(np.pi / 2)) @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], atol=1e-12)
