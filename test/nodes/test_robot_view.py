# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The robot beside the person on the viewer's page."""

from __future__ import annotations

import time

from node_spinning import spin_until
import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.joint_state import JointStateEncoder  # noqa: E402
from motion_avatar_ros.body.pose import BodyPose  # noqa: E402
from motion_avatar_ros.nodes.viewer_node import ViewerNode  # noqa: E402
from motion_avatar_ros.ros.body_messages import joint_state_message  # noqa: E402
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, MARKERS, TF  # noqa: E402
from motion_avatar_ros.ros.robot_messages import base_transform  # noqa: E402
from motion_avatar_ros.ros.shape_markers import ball, marker_array  # noqa: E402

URDF = """<robot name="r"><link name="base"><visual><geometry><box size="1 1 1"/></geometry>
</visual></link><link name="arm"><visual><geometry><box size="1 1 1"/></geometry></visual></link>
<joint name="j" type="revolute"><origin xyz="0 0 1"/><parent link="base"/><child link="arm"/>
<axis xyz="0 0 1"/><limit lower="-2" upper="2" velocity="1" effort="1"/></joint></robot>"""


@pytest.fixture
def viewer(ros_domain, monkeypatch):
    rclpy.init()
    node = ViewerNode(parameter_overrides=[Parameter('port', value=0)])
    monkeypatch.setattr(node._view.server, 'get_clients', lambda: {0: None})  # somebody looks
    yield node
    node.close()
    rclpy.try_shutdown()


@pytest.fixture
def sender(viewer):
    node = rclpy.create_node('sender')
    yield node
    node.destroy_node()


def describe(viewer, sender, text):
    publisher = sender.create_publisher(String, 'retarget_node/robot_description', LATCHED)
    publisher.publish(String(data=text))
    spin_until(viewer, lambda: viewer._robot._description == text)


def test_a_robot_is_shown_beside_the_person_as_it_stands_and_bends(viewer, sender):
    tf2 = pytest.importorskip('tf2_msgs.msg', reason='tf2_msgs is not installed')
    describe(viewer, sender, URDF)
    robot = viewer._robot
    joints = sender.create_publisher(JointState, 'retarget_node/joint_states', JOINT_STATES)
    tf = sender.create_publisher(tf2.TFMessage, '/tf', TF)
    body = sender.create_publisher(JointState, 'avatar_node/joint_states', JOINT_STATES)
    spin_until(viewer, lambda: all(
        each.get_subscription_count() for each in (joints, tf, body)))
    stamp_ns = time.time_ns()
    joints.publish(JointState(name=['j'], position=[1.0]))
    tf.publish(tf2.TFMessage(transforms=[base_transform(
        np.eye(3), np.array([5.0, 6.0, 0.7]), stamp_ns, 'odom', 'robot/base')]))
    spin_until(viewer, lambda: robot._joints is not None and robot._base is not None)
    pose = BodyPose(np.tile(np.eye(3), (22, 1, 1)), np.array([3.0, -1.0, 0.9]))
    body.publish(joint_state_message(pose, stamp_ns, 'odom', JointStateEncoder()))
    spin_until(viewer, lambda: robot._figure._root.visible)
    base, arm = (np.array(robot._figure._frames[number].position) for number in (-1, 0))
    assert base[2] == pytest.approx(0.7) and arm[2] == pytest.approx(1.7)
    assert np.linalg.norm(base[:2] - [3.0, -1.0]) == pytest.approx(1.0)
    turn = robot._figure._frames[0].wxyz
    assert 2.0 * np.arctan2(turn[3], turn[0]) - 2.0 * np.arctan2(
        robot._figure._frames[-1].wxyz[3], robot._figure._frames[-1].wxyz[0]) == (
            pytest.approx(1.0))


def test_a_description_that_is_no_robot_leaves_the_page_as_it_is(viewer, sender):
    describe(viewer, sender, 'nothing')
    assert viewer._robot._figure is None
    viewer._robot.draw(np.zeros(3), 0.0)


def test_joints_that_are_not_finite_are_not_drawn(viewer, sender):
    describe(viewer, sender, URDF)
    viewer._robot._on_joints(JointState(name=['j'], position=[float('nan')]))
    assert viewer._robot._joints is None


def test_markers_move_with_the_robot_that_is_shown_beside_the_person(viewer, sender):
    describe(viewer, sender, URDF)
    robot = viewer._robot
    joints = sender.create_publisher(JointState, 'retarget_node/joint_states', JOINT_STATES)
    markers = sender.create_publisher(MarkerArray, 'retarget_node/targets', MARKERS)
    spin_until(viewer, lambda: joints.get_subscription_count() == 1)
    joints.publish(JointState(name=['j'], position=[1.0]))
    spin_until(viewer, lambda: robot._joints is not None)
    robot._base = (5.0, 6.0, 0.7), (0.0, 0.0, 0.0, 1.0)
    assert markers.get_subscription_count() == 0    # nobody has ticked the box
    view = robot._markers[0]
    view._box.value = True

    def drawn() -> bool:
        robot._received_s = time.monotonic()
        robot.draw(np.array([3.0, -1.0, 0.9]), 0.0)
        markers.publish(marker_array(
            [ball(np.array([5.0, 6.0, 1.2]), 0.1, (1.0, 0.0, 0.0, 1.0))], 'targets', 0, 'odom'))
        return bool(view._markers._shapes)

    spin_until(viewer, drawn)
    ball_m = view._markers._shapes['targets', 0][1].position + view._space.position
    np.testing.assert_allclose(ball_m, robot._figure._frames[-1].position + [0.0, 0.0, 0.5])
    view._box.value = False
    spin_until(viewer, lambda: not drawn())
    spin_until(viewer, lambda: markers.get_subscription_count() == 0)


def test_a_robot_that_is_silent_is_not_shown_as_if_it_stood_there(viewer, sender, monkeypatch):
    describe(viewer, sender, URDF)
    robot = viewer._robot
    robot._on_joints(JointState(name=['j'], position=[1.0]))
    robot.draw(np.array([3.0, -1.0, 0.9]), 0.0)
    robot.watch()
    assert robot._figure._root.visible and robot._markers[0]._box.visible
    robot._received_s -= 0.6
    robot.watch()
    assert not robot._figure._root.visible and not robot._markers[0]._box.visible
