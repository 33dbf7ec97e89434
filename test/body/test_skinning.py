# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Skinning against rigid motions and the plain formula."""

from __future__ import annotations

from motion_avatar_ros.body.mesh import REST_JOINTS_M, load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_INDEX, JOINT_NAMES, PARENTS, REST_OFFSETS_M
from motion_avatar_ros.body.skinning import Skinner, skeleton_scale
import numpy as np
import pytest
from scipy.spatial.transform import Rotation


@pytest.fixture(scope='module')
def mesh():
    return load_builtin_mesh()


def rest_rotations() -> np.ndarray:
    return np.tile(np.eye(3), (22, 1, 1))


def descends_from(joint: int, ancestor: int) -> bool:
    while joint not in (-1, ancestor):
        joint = PARENTS[joint]
    return joint == ancestor


def test_the_rest_pose_is_the_mesh_itself(mesh):
    skinned = Skinner(mesh).skin(BodyPose(rest_rotations(), np.zeros(3)))
    np.testing.assert_allclose(skinned, mesh.vertices, atol=1e-6)


def test_a_moved_and_turned_root_moves_the_mesh_rigidly_also_far_away(mesh):
    rotations, root = rest_rotations(), np.array([5000.0, -3000.0, 40.0])
    rotations[0] = Rotation.from_rotvec([0.4, -1.2, 2.0]).as_matrix()
    skinned = Skinner(mesh).skin(BodyPose(rotations, root))
    np.testing.assert_allclose(skinned, mesh.vertices @ rotations[0].T + root, atol=2e-6)


@pytest.mark.parametrize('joint', JOINT_NAMES[1:])
def test_one_turned_joint_turns_its_limb_rigidly_and_nothing_else(mesh, joint):
    index = JOINT_INDEX[joint]
    rotations = rest_rotations()
    turn = rotations[index] = Rotation.from_rotvec([0.3, 0.7, -0.5]).as_matrix()
    skinned = Skinner(mesh).skin(BodyPose(rotations, np.zeros(3)))
    below = [j for j in range(22) if descends_from(j, index)]
    share = mesh.dense_weights[:, below].sum(axis=1)
    pivot = REST_JOINTS_M[index]
    turned = (mesh.vertices - pivot) @ turn.T + pivot
    whole, none = share > 0.99999, share < 0.00001
    assert whole.any() and none.any()
    np.testing.assert_allclose(skinned[whole], turned[whole], atol=1e-5)
    np.testing.assert_allclose(skinned[none], mesh.vertices[none], atol=1e-5)


def test_a_random_pose_equals_the_plain_formula(mesh):
    pose = BodyPose(
        Rotation.random(22, random_state=3).as_matrix(), np.array([1.0, -2.0, 0.5]))
    rotations, positions = pose.global_joints()
    expected = np.zeros(mesh.vertices.shape)
    for slot in range(mesh.weight_joints.shape[1]):
        joints = mesh.weight_joints[:, slot]
        local = mesh.vertices - REST_JOINTS_M[joints]
        placed = np.einsum('vij,vj->vi', rotations[joints], local) + positions[joints]
        expected += mesh.weight_values[:, slot, None] * placed
    np.testing.assert_allclose(Skinner(mesh).skin(pose), expected, atol=3e-6)


def test_a_taller_skeleton_gives_the_same_body_taller(mesh):
    pose = BodyPose(Rotation.random(22, random_state=4).as_matrix(), np.zeros(3))
    usual = Skinner(mesh).skin(pose)
    taller = Skinner(mesh, 1.15 * REST_OFFSETS_M)
    assert skeleton_scale(taller.offsets_m) == pytest.approx(1.15)
    np.testing.assert_allclose(taller.skin(pose), 1.15 * usual, atol=5e-6)


def test_left_is_left_when_the_left_arm_goes_up(mesh):
    rotations = rest_rotations()
    rotations[JOINT_INDEX['left_shoulder']] = Rotation.from_rotvec([0, 0, 1.2]).as_matrix()
    skinned = Skinner(mesh).skin(BodyPose(rotations, np.zeros(3)))
    highest = skinned[skinned[:, 1].argmax()]
    assert highest[0] > 0.2 and highest[1] > 0.9
