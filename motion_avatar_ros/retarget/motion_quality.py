# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How well a robot's motion follows its targets, and whether it stays within its limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.retarget.body_plan import BodyPlan
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.retarget.retargeter import RobotMotion
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.targets import LIMBS, Targets

_ROUNDING = 1e-6


@dataclass(frozen=True)
class FrameErrors:
    """
    Of F frames.

    Attributes:
        ankles_m, wrists_m: (F, 2) distances from their targets.
        limbs_rad: (F, 8) angles between the robot's upper and lower segments and the human's.
        hands_rad: (F, 2) angles between the robot's hands and theirs.
    """

    ankles_m: np.ndarray
    wrists_m: np.ndarray
    limbs_rad: np.ndarray
    hands_rad: np.ndarray


class MotionJudge:
    """Judges motions of one robot, whoever made them."""

    def __init__(self, robot: RobotModel, plan: BodyPlan, limits: JointLimits) -> None:
        """Find the ends of the robot's segments."""
        import pinocchio

        self._pin = pinocchio
        self._robot = robot
        self._limits = limits
        self._hands = [plan.limbs[name].end + 2 for name in LIMBS[2:]]
        self._hands_neutral = np.stack([
            robot.neutral_place(joint - 2).rotation for joint in self._hands])
        self._ends = []
        for name in LIMBS:
            limb = plan.limbs[name]
            upper = limb.joints[limb.joints.index(limb.middle) - 1]
            for joint, place in (
                    (upper, limb.root_m), (limb.middle, limb.middle_m), (limb.end, limb.end_m)):
                self._ends.append((joint + 2, robot.neutral_place(joint).actInv(place)))

    def errors(self, motion: RobotMotion, targets: Targets) -> FrameErrors:
        """Return the errors of each frame."""
        poses = [self._pose(motion, frame) for frame in range(len(motion.joints))]
        points, hands = (np.stack(each) for each in zip(*poses, strict=True))
        distance = np.linalg.norm(points[:, :, 2] - targets.end, axis=-1)
        ways = np.diff(points, axis=2)
        ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
        cosine = (ways * targets.directions).sum(axis=-1).reshape(len(points), -1)
        return FrameErrors(
            distance[:, :2], distance[:, 2:], np.arccos(np.clip(cosine, -1.0, 1.0)),
            geodesic_angle(hands, targets.hand_turn @ self._hands_neutral))

    def frames_beyond(self, motion: RobotMotion) -> dict[str, int]:
        """Return how many frames break each kind of limit, in any joint."""
        limits, rate_hz = self._limits, motion.rate_hz
        speeds = np.diff(motion.joints, axis=0) * rate_hz
        rises = np.diff(speeds, axis=0) * rate_hz
        beyond = {
            'position': (motion.joints < limits.lower - _ROUNDING) | (
                motion.joints > limits.upper + _ROUNDING),
            'velocity': np.abs(speeds) > limits.velocity + _ROUNDING * rate_hz,
            'acceleration': np.abs(rises) > limits.acceleration + _ROUNDING * rate_hz ** 2,
        }
        return {name: int(frames.any(axis=1).sum()) for name, frames in beyond.items()}

    def _pose(self, motion: RobotMotion, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Return root, middle and end (4, 3, 3) [m] of each limb, and both hands' rotations."""
        data = self._robot.data
        quaternion = self._pin.Quaternion(np.asarray(motion.base_rotation[frame])).coeffs()
        self._pin.forwardKinematics(self._robot.model, data, np.concatenate(
            (motion.base_position[frame], quaternion, motion.joints[frame])))
        points = np.array([data.oMi[joint].act(place) for joint, place in self._ends])
        return points.reshape(len(LIMBS), 3, 3), np.stack(
            [data.oMi[joint].rotation for joint in self._hands])
