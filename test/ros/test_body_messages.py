# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What crosses the boundary to ROS: the same pose must come back, and TF must agree with it."""

from __future__ import annotations

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.joint_state import (
    JOINT_STATE_NAMES, JointStateEncoder, JointStateError,
)
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    geodesic_angle, matrix_from_axis_angle, matrix_from_quaternion,
)
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.ros.body_messages import (
    human_transform_messages, joint_state_message, pose_from_message, stamp_ns, time_message,
    transform_messages,
)

STAMP_NS = 1_700_000_000_123_456_789


@pytest.fixture
def pose() -> BodyPose:
    rng = np.random.default_rng(3)
    return BodyPose(
        matrix_from_axis_angle(0.6 * rng.normal(size=(JOINT_COUNT, 3))),
        np.array([1.0, -2.0, 0.9]))


def test_pose_and_stamp_survive_serialisation(pose):
    message = joint_state_message(pose, STAMP_NS, 'odom', JointStateEncoder())
    received = deserialize_message(serialize_message(message), JointState)
    back = pose_from_message(received)
    assert geodesic_angle(back.local_rotations, pose.local_rotations).max() < 1e-7
    np.testing.assert_allclose(back.root_position, pose.root_position)
    assert stamp_ns(received.header.stamp) == STAMP_NS
    assert received.header.frame_id == 'odom'
    assert len(received.name) == len(received.position) == len(JOINT_STATE_NAMES)


def test_another_order_of_names_is_the_same_pose(pose):
    message = joint_state_message(pose, STAMP_NS, 'odom', JointStateEncoder())
    order = np.random.default_rng(0).permutation(len(JOINT_STATE_NAMES))
    message.name = [message.name[i] for i in order]
    message.position = [message.position[i] for i in order]
    back = pose_from_message(message)
    assert geodesic_angle(back.local_rotations, pose.local_rotations).max() < 1e-7


def test_a_robot_state_is_not_taken_for_a_body():
    with pytest.raises(JointStateError, match='root_x'):
        pose_from_message(JointState(name=['elbow'], position=[0.0]))


def test_nan_in_a_message_is_refused(pose):
    message = joint_state_message(pose, STAMP_NS, 'odom', JointStateEncoder())
    message.position[7] = float('nan')
    with pytest.raises(JointStateError, match='not finite'):
        pose_from_message(message)


def test_stamps_keep_every_nanosecond():
    for value in (0, 999_999_999, 1_000_000_000, STAMP_NS):
        assert stamp_ns(time_message(value)) == value


def test_transforms_chain_to_the_world_poses_of_all_joints(pose):
    rotations, positions = pose.global_joints()
    expected = ros_global_rotations(rotations)
    world: dict[str, tuple[np.ndarray, np.ndarray]] = {'odom': (np.eye(3), np.zeros(3))}
    for joint, message in enumerate(transform_messages(pose, STAMP_NS, 'odom', 'avatar')):
        parent_rotation, parent_position = world[message.header.frame_id]
        t, q = message.transform.translation, message.transform.rotation
        rotation = parent_rotation @ matrix_from_quaternion(np.array([q.x, q.y, q.z, q.w]))
        position = parent_position + parent_rotation @ np.array([t.x, t.y, t.z])
        world[message.child_frame_id] = rotation, position
        assert geodesic_angle(rotation, expected[joint]) < 1e-7
        np.testing.assert_allclose(position, positions[joint], atol=1e-9)
        assert stamp_ns(message.header.stamp) == STAMP_NS
    assert len(world) == 1 + JOINT_COUNT
    assert 'avatar/left_wrist' in world


def test_frames_of_rep_155_hang_on_the_body_and_end_with_its_id(pose):
    body, *others = human_transform_messages(pose, STAMP_NS, 'odom', '67dd1')
    assert (body.header.frame_id, body.child_frame_id) == ('odom', 'body_67dd1')
    assert {message.header.frame_id for message in others} == {'body_67dd1'}
    assert len(others) == 15 and all(
        message.child_frame_id.endswith('_67dd1') for message in others)
    assert {stamp_ns(message.header.stamp) for message in (body, *others)} == {STAMP_NS}
