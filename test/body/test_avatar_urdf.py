# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The avatar's URDF against our own forward kinematics."""

from __future__ import annotations

from xml.etree import ElementTree

from motion_avatar_ros.body.avatar_urdf import (
    AvatarDescriptionError, avatar_urdf, offsets_from_urdf,
)
from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.joint_state import JOINT_STATE_NAMES, JointStateEncoder
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_NAMES, REST_OFFSETS_M
import numpy as np
import pytest
from scipy.spatial.transform import Rotation


def random_pose(seed: int) -> BodyPose:
    random = np.random.default_rng(seed)
    return BodyPose(
        Rotation.random(22, random_state=seed).as_matrix(), random.uniform(-5.0, 5.0, 3))


def transform(xyz, rotation=np.eye(3)) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, xyz
    return matrix


def numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.split()])


def link_transforms(urdf: str, joint_values: dict[str, float]) -> dict[str, np.ndarray]:
    """Walk the URDF's joints as robot_state_publisher does."""
    robot = ElementTree.fromstring(urdf)
    joints = list(robot.iter('joint'))
    children = {joint.find('child').get('link') for joint in joints}
    roots = [link.get('name') for link in robot.iter('link') if link.get('name') not in children]
    assert len(roots) == 1
    placed = {roots[0]: np.eye(4)}
    while joints:
        ready = [joint for joint in joints if joint.find('parent').get('link') in placed]
        assert ready, 'a joint hangs at a link that does not exist'
        for joint in ready:
            origin = joint.find('origin')
            start = np.eye(4) if origin is None else transform(
                numbers(origin.get('xyz')),
                Rotation.from_euler('xyz', numbers(origin.get('rpy'))).as_matrix())
            axis = numbers(joint.find('axis').get('xyz'))
            value = joint_values[joint.get('name')]
            if joint.get('type') == 'prismatic':
                move = transform(axis * value)
            else:
                move = transform(np.zeros(3), Rotation.from_rotvec(axis * value).as_matrix())
            placed[joint.find('child').get('link')] = (
                placed[joint.find('parent').get('link')] @ start @ move)
            joints.remove(joint)
    return placed


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('scale', [1.0, 1.13])
def test_links_of_coded_poses_are_where_forward_kinematics_puts_them(seed, scale):
    pose, offsets_m = random_pose(seed), scale * REST_OFFSETS_M
    values = JointStateEncoder().encode(pose)
    links = link_transforms(
        avatar_urdf('operator', offsets_m), dict(zip(JOINT_STATE_NAMES, values)))
    rotations, positions = pose.global_joints(offsets_m)
    for joint, name in enumerate(JOINT_NAMES):
        link = links[f'operator/{name}']
        np.testing.assert_allclose(link[:3, 3], positions[joint], atol=1e-9)
        np.testing.assert_allclose(
            link[:3, :3], ros_global_rotations(rotations[joint]), atol=1e-9)


def test_the_joints_are_exactly_those_of_the_message():
    robot = ElementTree.fromstring(avatar_urdf())
    names = [joint.get('name') for joint in robot.iter('joint')]
    assert sorted(names) == sorted(JOINT_STATE_NAMES)
    assert len(set(names)) == len(names)


def test_the_root_link_is_the_fixed_frame_and_all_others_are_prefixed():
    robot = ElementTree.fromstring(avatar_urdf('twin', fixed_frame='map'))
    links = [link.get('name') for link in robot.iter('link')]
    assert links[0] == 'map'
    assert all(name.startswith('twin/') for name in links[1:])
    assert robot.find('link').find('visual') is None


def test_every_body_part_has_a_shape_and_shapes_grow_with_the_skeleton():
    small, large = (
        ElementTree.fromstring(avatar_urdf('a', scale * REST_OFFSETS_M)) for scale in (1.0, 2.0))
    shaped = {link.get('name') for link in small.iter('link') if link.find('visual') is not None}
    assert shaped == {f'a/{name}' for name in JOINT_NAMES}
    for before, after in zip(small.iter('sphere'), large.iter('sphere')):
        assert float(after.get('radius')) == pytest.approx(2 * float(before.get('radius')))


def test_bone_lengths_survive_the_way_through_the_description():
    offsets_m = 0.91 * REST_OFFSETS_M
    np.testing.assert_array_equal(offsets_from_urdf(avatar_urdf('a', offsets_m)), offsets_m)


@pytest.mark.parametrize(('urdf', 'said'), [
    ('<robot', 'no XML'),
    ('<robot name="r"><link name="base"/></robot>', "no joint 'left_hip_y'"),
    (avatar_urdf().replace(repr(float(REST_OFFSETS_M[1, 1])), 'wide'), "'left_hip_y'"),
    (avatar_urdf().replace(repr(float(REST_OFFSETS_M[1, 1])), 'nan'), 'not finite'),
], ids=['no XML', 'no joints', 'no number', 'not finite'])
def test_a_description_that_is_no_avatar_is_refused_with_the_reason(urdf, said):
    with pytest.raises(AvatarDescriptionError, match=said):
        offsets_from_urdf(urdf)
