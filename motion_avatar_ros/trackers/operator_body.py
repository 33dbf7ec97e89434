# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From the devices an operator wears to the joints of a body of the model's size, and back.

Models know one body. The joints that the devices are worn at are brought to its size about the
floor below the fixed frame's origin, and the pose that comes of them is brought back: its root
by scale and floor, its bones by `offsets_m`. Arms that are longer or shorter than in proportion
are brought to the model's length about a shoulder that hangs under the head, which is exact
while the trunk is upright.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import apply, matrix_from_quaternion, rotation_about_z
from motion_avatar_ros.body.skeleton import HEAD, JOINT_COUNT, JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.trackers.calibration import Calibration, TrackerOffset
from motion_avatar_ros.trackers.heading import heading_angles

_ARM_JOINTS = [
    JOINT_INDEX[name] for name in ('left_elbow', 'right_elbow', 'left_wrist', 'right_wrist')]
_HANDS = {'left_hand': JOINT_INDEX['left_shoulder'], 'right_hand': JOINT_INDEX['right_shoulder']}


def _shoulders_under_head() -> dict[str, np.ndarray]:
    """Return the shoulder of each hand (3,) [m] from the head joint, in its heading frame."""
    joints = forward_kinematics(
        np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)), np.zeros(3), REST_OFFSETS_M)[1]
    return {hand: ROS_FROM_SMPL @ (joints[joint] - joints[HEAD])
            for hand, joint in _HANDS.items()}


_SHOULDERS_M = _shoulders_under_head()


class OperatorBody:
    """One calibrated operator."""

    def __init__(self, calibration: Calibration, tracker_names: Sequence[str]) -> None:
        """
        Take a calibration.

        Args:
            calibration: a tracker without an offset in it is worn at its joint.
            tracker_names: N trackers in the order of every frame, the head first.
        """
        self.calibration = calibration
        self.tracker_names = tuple(tracker_names)
        self._scale = calibration.scale
        self._floor = np.array([0.0, 0.0, calibration.floor_m])
        offsets = [calibration.offsets.get(name, TrackerOffset()) for name in tracker_names]
        turns = matrix_from_quaternion(np.array([offset.quaternion_xyzw for offset in offsets]))
        # Offsets are in REP-103 axes, the rotations of frames in SMPL body axes.
        self._turns = ROS_FROM_SMPL.T @ turns @ ROS_FROM_SMPL
        self._levers = np.array([offset.position_m for offset in offsets]) @ ROS_FROM_SMPL
        self._hands = [] if calibration.arm_scale == 1.0 else [
            (slot, _SHOULDERS_M[name])
            for slot, name in enumerate(tracker_names) if name in _HANDS]

    @property
    def offsets_m(self) -> np.ndarray:
        """Bone offsets (22, 3) of the operator [m], SMPL axes."""
        offsets = REST_OFFSETS_M * self._scale
        offsets[_ARM_JOINTS] *= self.calibration.arm_scale
        return offsets

    def joints(
        self, rotations: np.ndarray, positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the joints that the devices are worn at, as large as the operator.

        Args:
            rotations: (..., N, 3, 3) of the devices in the z-up world, SMPL body axes.
            positions: (..., N, 3) of the devices [m] in the fixed frame.

        Returns:
            The same of the joints, still in the fixed frame.
        """
        return rotations @ self._turns, positions + apply(rotations, self._levers)

    def to_model(
        self, rotations: np.ndarray, positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """
        Return what the model is to see of the operator's joints.

        Args:
            rotations: (..., T, N, 3, 3) of the joints in the z-up world, SMPL body axes.
            positions: (..., T, N, 3) of the joints [m] in the fixed frame.

        Returns:
            The rotations, and the positions (..., T, N, 3) [m] at the model's size above a
            floor at z = 0.
        """
        positions = (positions - self._floor) / self._scale
        if not self._hands:
            return rotations, positions
        upright = rotation_about_z(heading_angles(rotations[..., 0, :, :]))
        for slot, shoulder_m in self._hands:
            shoulder = positions[..., 0, :] + apply(upright, shoulder_m)
            positions[..., slot, :] = shoulder + (
                positions[..., slot, :] - shoulder) / self.calibration.arm_scale
        return rotations, positions

    def to_operator(self, pose: BodyPose) -> BodyPose:
        """Return a pose of the model's body as that of the operator, in the fixed frame."""
        return BodyPose(pose.local_rotations, pose.root_position * self._scale + self._floor)
