# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a solver brings to its targets: points and links of a robot, and how much each weighs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.retarget.body_plan import BodyPlan
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.targets import LIMBS, Targets

BASE_JOINT = 1  # pinocchio's number of the floating base


@dataclass(frozen=True)
class TaskWeights:
    """Square roots of the tasks' weights: positions [1/m], orientations [1/rad]."""

    base_position: float = 16.0
    base_rotation: float = 2.5
    chest: float = 3.0
    knee: float = 8.0
    ankle: float = 14.0
    foot: float = 3.0
    elbow: float = 8.0
    wrist: float = 40.0
    hand: float = 1.4


class RobotTasks:
    """
    Points and links, by pinocchio's numbers of joints.

    Attributes:
        point_joints: of P points: knees, elbows, ankles, wrists, base.
        points: (P, 3) [m] in the frames of those joints.
        point_weights: (P,).
        turn_joints: of R links: chest, feet, hands, base.
        turn_weights: (R,).
        turn_neutral: (R, 3, 3) those links in the axes of the base, all joints at zero.
    """

    def __init__(self, robot: RobotModel, plan: BodyPlan, weights: TaskWeights) -> None:
        """Place the tasks on a robot."""
        middles = [plan.limbs[name].middle + 2 for name in LIMBS]
        ends = [plan.limbs[name].end + 2 for name in LIMBS]
        self.point_joints = [*middles, *ends, BASE_JOINT]
        places = np.concatenate((
            [plan.limbs[name].middle_m for name in LIMBS],
            [plan.limbs[name].end_m for name in LIMBS], np.zeros((1, 3))))
        self.points = np.array([
            robot.neutral_place(joint - 2).actInv(point)
            for joint, point in zip(self.point_joints, places, strict=True)])
        self.point_weights = np.array([
            *(weights.knee,) * 2, *(weights.elbow,) * 2, *(weights.ankle,) * 2,
            *(weights.wrist,) * 2, weights.base_position])
        chest = plan.trunk[-1] + 2 if plan.trunk else BASE_JOINT
        self.turn_joints = [chest, *ends, BASE_JOINT]
        self.turn_neutral = np.stack([
            robot.neutral_place(joint - 2).rotation for joint in self.turn_joints])
        self.turn_weights = np.array(
            [weights.chest, *(weights.foot,) * 2, *(weights.hand,) * 2, weights.base_rotation])

    def wanted_points(self, targets: Targets, frame: int) -> np.ndarray:
        """Return where the points (P, 3) [m] shall be in the world."""
        return np.concatenate((
            targets.middle[frame], targets.end[frame], targets.base_position[None, frame]))

    def wanted_turns(self, targets: Targets, frame: int) -> np.ndarray:
        """Return how the links (R, 3, 3) shall be turned in the world."""
        return np.concatenate((
            targets.chest_turn[None, frame], targets.foot_turn[frame], targets.hand_turn[frame],
            targets.base_rotation[None, frame])) @ self.turn_neutral
