# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's pose and its commands as ROS messages."""

from __future__ import annotations

from collections.abc import Sequence

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import PoseStamped, TransformStamped
import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.retarget.joint_controller import JointController
from motion_avatar_ros.ros.body_messages import time_message


def base_transform(
    rotation: np.ndarray, position_m: np.ndarray, stamp_ns: int, frame_id: str, child: str
) -> TransformStamped:
    """Return where a robot's base link `child` is in `frame_id`."""
    message = TransformStamped()
    message.header.stamp = time_message(stamp_ns)
    message.header.frame_id = frame_id
    message.child_frame_id = child
    to, turn = message.transform.translation, message.transform.rotation
    to.x, to.y, to.z = map(float, position_m)
    turn.x, turn.y, turn.z, turn.w = map(float, quaternion_from_matrix(rotation))
    return message


def pose_message(
    rotation: np.ndarray, position_m: np.ndarray, stamp_ns: int, frame_id: str
) -> PoseStamped:
    """Return a place in `frame_id`."""
    message = PoseStamped()
    message.header.stamp = time_message(stamp_ns)
    message.header.frame_id = frame_id
    at, turn = message.pose.position, message.pose.orientation
    at.x, at.y, at.z = map(float, position_m)
    turn.x, turn.y, turn.z, turn.w = map(float, quaternion_from_matrix(rotation))
    return message


def trajectory(
    names: Sequence[str], joints: np.ndarray, time_from_start_s: float
) -> JointTrajectory:
    """
    Return one point for a joint_trajectory_controller, to be reached from now on.

    Without velocities: controllers refuse an end that is not at rest unless told otherwise.
    """
    message = JointTrajectory(joint_names=list(names))  # a stamp of zero means now
    seconds, rest_s = divmod(time_from_start_s, 1.0)
    message.points = [JointTrajectoryPoint(
        positions=joints.tolist(),
        time_from_start=Duration(sec=int(seconds), nanosec=int(rest_s * 1e9)))]
    return message


def forward_command(joints: np.ndarray) -> Float64MultiArray:
    """Return positions for a forward_command_controller, in the order of its joints."""
    return Float64MultiArray(data=joints.tolist())


def measured_joints(message: JointState, names: Sequence[str]) -> np.ndarray:
    """Return the positions (J,) [rad] of the named joints, NaN for those not told."""
    told = dict(zip(message.name, message.position))
    return np.array([told.get(name, np.nan) for name in names])


def take_trajectory(
    controller: JointController, message: JointTrajectory, now_s: float, start_s: float | None
) -> None:
    """
    Give a controller a trajectory; see `JointController.take_trajectory`.

    Raises:
        CommandRefusedError: it is none that a controller takes.
    """
    points = message.points
    has_velocities = any(len(point.velocities) for point in points)
    controller.take_trajectory(
        message.joint_names,
        [point.time_from_start.sec + point.time_from_start.nanosec * 1e-9 for point in points],
        [point.positions for point in points],
        [point.velocities for point in points] if has_velocities else None, now_s, start_s)
