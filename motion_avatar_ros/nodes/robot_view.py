# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The robot beside the person on the viewer's page."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.nodes.marker_view import MarkerView
from motion_avatar_ros.ros.parameters import Parameter
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, TF
from motion_avatar_ros.ros.tf_message_bytes import UnreadableBytesError, read_transforms
from motion_avatar_ros.ros.web_report import STALE_S
from motion_avatar_ros.ros.web_view import WebView

ROBOT_VIEW_PARAMETERS = (
    Parameter('robot_topic', 'retarget_node/joint_states', "the robot's JointState to show"),
    Parameter('robot_description_topic', 'retarget_node/robot_description',
              'its URDF; without one no robot is shown'),
    Parameter('robot_prefix', 'robot/', "prefix of the robot's links on TF"),
    Parameter('targets_topic', 'retarget_node/targets',
              'markers of what the robot is asked for, shown by a tick box'),
    Parameter('contacts_topic', 'retarget_node/contacts', 'the same of feet that are held'),
    Parameter('collision_topic', 'retarget_node/collision', 'the same of its capsules'),
)
_BESIDE_M = 1.0     # to the right of the person, where the panel does not cover it
_NO_PLACE = (0.0, 0.0, 1.0)
_NO_TURN = (0.0, 0.0, 0.0, 1.0)


class RobotView:
    """Listens to a robot, and draws it when asked."""

    def __init__(self, node: Node, view: WebView, values: Mapping[str, Any]) -> None:
        """Subscribe with the values of ROBOT_VIEW_PARAMETERS."""
        self._node = node
        self._view = view
        self._prefix = values['robot_prefix']
        self._figure: Any = None
        self._description = ''
        self._base_frame = ''
        self._joints: dict[str, float] | None = None
        self._base: tuple[tuple[float, ...], tuple[float, ...]] | None = None  # [m], xyzw
        self._received_s: float | None = None
        self._markers = [
            MarkerView(node, view, label, values[f'{label}_topic'])
            for label in ('targets', 'contacts', 'collision')]
        node.create_subscription(
            JointState, values['robot_topic'], self._on_joints, JOINT_STATES)
        node.create_subscription(
            String, values['robot_description_topic'], self._on_description, LATCHED)
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            return  # the robot then stands where it was made, and bends
        node.create_subscription(TFMessage, '/tf', self._on_tf, TF, raw=True)

    def draw(self, person_m: np.ndarray, heading_rad: float) -> None:
        """Draw the newest pose beside a person at (3,) [m] in the tracking space."""
        age_s = self.age_s()
        if self._figure is None or self._joints is None or age_s is None or age_s > STALE_S:
            return
        base_m, quaternion_xyzw = self._base or (_NO_PLACE, _NO_TURN)
        shown_m = np.array([person_m[0] + _BESIDE_M * np.sin(heading_rad),
                            person_m[1] - _BESIDE_M * np.cos(heading_rad), base_m[2]])
        self._figure.show(self._joints, shown_m, np.array(quaternion_xyzw))
        for markers in self._markers:
            markers.draw(shown_m - base_m)

    def watch(self) -> None:
        """Hide a robot that is not told any more; call a few times per second."""
        age_s = self.age_s()
        is_there = self._figure is not None and age_s is not None and age_s <= STALE_S
        for markers in self._markers:
            markers.offer(is_there)
        if self._figure is not None and not is_there:
            self._figure.hide()

    def age_s(self) -> float | None:
        """Return the time since its last pose, None before the first [s]."""
        return None if self._received_s is None else time.monotonic() - self._received_s

    def _on_joints(self, message: JointState) -> None:
        joints = dict(zip(message.name, message.position))
        if np.isfinite(list(joints.values())).all():
            self._joints = joints
            self._received_s = time.monotonic()

    def _on_description(self, message: String) -> None:
        if message.data == self._description:
            return
        from motion_avatar_ros.retarget.robot_model import RobotModel
        from motion_avatar_ros.retarget.urdf import parse_urdf
        from motion_avatar_ros.ros.web_robot import RobotFigure

        self._description = message.data
        try:
            robot = RobotModel(parse_urdf(message.data))
            self._figure = RobotFigure(self._view, 'robot', robot)
        except (MotionAvatarError, ValueError) as error:
            self._node.get_logger().warning(f'no robot on the page: {error}')
            return
        self._base_frame = self._prefix + robot.base_link

    def _on_tf(self, data: bytes) -> None:
        if not self._base_frame or self._base_frame.encode() not in data:
            return
        try:
            for record in read_transforms(data, ()):
                if record.child == self._base_frame and np.isfinite(
                        (*record.position_m, *record.quaternion_xyzw)).all():
                    self._base = record.position_m, record.quaternion_xyzw
        except UnreadableBytesError:
            return
