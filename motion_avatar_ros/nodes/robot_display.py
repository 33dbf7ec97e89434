# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What retarget_node shows of its robot: joints, base on TF, description, and by markers more."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import Any

import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.solver import RobotPose
from motion_avatar_ros.ros.body_messages import values_message
from motion_avatar_ros.ros.capsule_markers import capsule_markers
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, MARKERS, TF
from motion_avatar_ros.ros.rate_cap import RateCap
from motion_avatar_ros.ros.robot_messages import base_transform
from motion_avatar_ros.ros.target_markers import contact_markers, target_markers

_CAPSULES_HZ, _TARGETS_HZ = 10.0, 30.0
_CLOSE_M = 0.005            # of room left: drawn as close


class RobotDisplay:
    """Publishes how a robot follows, whether it is commanded or not."""

    def __init__(self, node: AvatarLifecycleNode, values: Mapping[str, Any]) -> None:
        """Make the publishers, of RETARGET_PARAMETERS' values."""
        make = node.create_lifecycle_publisher
        self._values = values
        self._states = make(JointState, '~/joint_states', JOINT_STATES)
        self._description = make(String, '~/robot_description', LATCHED)
        self._collision, self._targets, self._contacts = (
            make(MarkerArray, f'~/{name}', MARKERS)
            for name in ('collision', 'targets', 'contacts'))
        self._caps = {'collision': RateCap(_CAPSULES_HZ), 'targets': RateCap(_TARGETS_HZ)}
        #: To be destroyed by the node.
        self.publishers = [
            self._states, self._description, self._collision, self._targets, self._contacts]
        self._tf: Any = None
        if values['publish_tf']:
            self._make_tf(node)

    def describe(self, description: str) -> None:
        """Publish the robot's URDF."""
        self._description.publish(String(data=description))

    def show(
        self, retargeter: Retargeter, pose: RobotPose, stamp_ns: int, frame_id: str
    ) -> None:
        """Publish a pose of the robot."""
        robot = retargeter.robot
        names = [joint.name for joint in robot.joints]
        self._states.publish(values_message(names, pose.joints, stamp_ns, frame_id))
        beside_m = np.array([
            self._values['base_offset_x_m'], self._values['base_offset_y_m'], 0.0])
        if self._tf is not None:
            self._tf.publish(self._tf_message(transforms=[base_transform(
                pose.base_rotation, pose.base_position + beside_m, stamp_ns, frame_id,
                self._values['frame_prefix'] + robot.base_link)]))
        now_s = time.monotonic()
        if self._is_due('collision', now_s, self._collision):
            self._show_parts(retargeter, stamp_ns, frame_id, beside_m)
        if self._is_due('targets', now_s, self._targets, self._contacts):
            targets = retargeter.targets.last
            self._targets.publish(target_markers(
                targets.middle[0] + beside_m, targets.end[0] + beside_m, stamp_ns, frame_id))
            held_m, stands = retargeter.solver.held_feet()
            self._contacts.publish(contact_markers(
                held_m + beside_m, stands, stamp_ns, frame_id))

    def _is_due(self, what: str, now_s: float, *publishers: Any) -> bool:
        """Say whether somebody looks, and has not seen enough already."""
        return any(each.get_subscription_count() for each in publishers) and (
            self._caps[what].admits(now_s))

    def _make_tf(self, node: AvatarLifecycleNode) -> None:
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            node.get_logger().warning(
                'tf2_msgs is not installed: the base of the robot is not put on /tf')
            return
        self._tf_message = TFMessage
        self._tf = node.create_lifecycle_publisher(TFMessage, '/tf', TF)
        self.publishers.append(self._tf)

    def _show_parts(
        self, retargeter: Retargeter, stamp_ns: int, frame_id: str, beside_m: np.ndarray
    ) -> None:
        """Draw the collision capsules."""
        collision = retargeter.solver.collision
        if collision is None:
            return
        ends, room_m = retargeter.solver.parts()
        is_close = np.zeros(len(ends), dtype=bool)
        is_close[collision.pairs[room_m < _CLOSE_M].ravel()] = True
        radii_m = np.array([capsule.radius_m for capsule in collision.capsules])
        self._collision.publish(capsule_markers(
            ends + beside_m, radii_m, is_close, stamp_ns, frame_id))
