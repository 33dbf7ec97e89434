# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Human poses in, robot poses out: a robot, its plan, its limits and its solver together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import enum
from pathlib import Path

import numpy as np

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.body_plan import BodyPlan, find_body_plan
from motion_avatar_ros.retarget.capsules import fit_capsules
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.robot_shapes import neutral_vertices
from motion_avatar_ros.retarget.self_collision import SelfCollision
from motion_avatar_ros.retarget.solver import RobotPose, RobotSolver, SolverWeights
from motion_avatar_ros.retarget.targets import TargetBuilder, Targets

#: Joints go no faster than this, whatever the URDF allows [rad/s].
MAX_VELOCITY_RAD_S = 3.0 * np.pi
#: URDFs say nothing of it [rad/s^2].
MAX_ACCELERATION_RAD_S2 = 300.0
#: Between the surfaces of parts that could touch.
MARGIN_M = 0.01


class Mode(enum.Enum):
    """What of a robot moves."""

    WHOLE_BODY = 'whole_body'   # everything, the base too
    FIXED_BASE = 'fixed_base'   # all joints, of a robot that hangs or is held
    UPPER_BODY = 'upper_body'   # trunk, head and arms; legs stay at rest, as does the base


@dataclass(frozen=True)
class RobotMotion:
    """
    A robot's motion.

    Attributes:
        joint_names: of J joints.
        joints: (F, J) [rad].
        base_position: (F, 3) [m], in the world.
        base_rotation: (F, 3, 3).
        rate_hz: frames per second.
    """

    joint_names: tuple[str, ...]
    joints: np.ndarray
    base_position: np.ndarray
    base_rotation: np.ndarray
    rate_hz: float

    @classmethod
    def of(cls, robot: RobotModel, poses: Sequence[RobotPose], rate_hz: float) -> RobotMotion:
        """Return a robot's consecutive poses as its motion."""
        return cls(
            tuple(joint.name for joint in robot.joints),
            np.stack([pose.joints for pose in poses]),
            np.stack([pose.base_position for pose in poses]),
            np.stack([pose.base_rotation for pose in poses]), rate_hz)


class Retargeter:
    """Follows human motion with one robot."""

    def __init__(
        self, robot: RobotModel, weights: SolverWeights | None = None,
        max_velocity_rad_s: float = MAX_VELOCITY_RAD_S,
        max_acceleration_rad_s2: float = MAX_ACCELERATION_RAD_S2, iterations: int = 5,
        plan: BodyPlan | None = None, margin_m: float | None = MARGIN_M,
        mode: Mode = Mode.WHOLE_BODY,
    ) -> None:
        """
        Prepare.

        Args:
            robot: who follows.
            weights: of the solver's tasks.
            max_velocity_rad_s: of every joint, beside the URDF.
            max_acceleration_rad_s2: of every joint.
            iterations: of the solver in a frame.
            plan: the body in the robot; found where not given.
            margin_m: least distance between parts; None lets them pass through each other.
            mode: what moves.

        Raises:
            BodyPlanError: there is no body in the robot.
        """
        for name, value in (('velocity', max_velocity_rad_s),
                            ('acceleration', max_acceleration_rad_s2)):
            if not 0.0 < value < np.inf:
                raise MotionAvatarError(f'the {name} limit is {value:g}; allowed: above 0')
        self.robot = robot
        self.plan: BodyPlan = plan or find_body_plan(robot.joints)
        joints = robot.joints
        self.limits = JointLimits(
            np.array([joint.lower for joint in joints]),
            np.array([joint.upper for joint in joints]),
            np.minimum([joint.velocity for joint in joints], max_velocity_rad_s),
            np.full(len(joints), max_acceleration_rad_s2))
        trunk = self.plan.trunk
        vertices = neutral_vertices(robot)
        is_base_fixed = mode is not Mode.WHOLE_BODY
        self.targets = TargetBuilder(
            self.plan, joints[trunk[0]].position if trunk else np.zeros(3),
            vertices, is_base_fixed)
        collision = None if margin_m is None else SelfCollision(
            fit_capsules(joints, self.plan, vertices), margin_m)
        self.solver = RobotSolver(
            robot, self.plan, self.limits, self.targets.toes_m, weights, iterations, collision,
            is_base_fixed, are_legs_still=mode is Mode.UPPER_BODY)

    @classmethod
    def load(cls, robot: str | Path) -> Retargeter:
        """Load a URDF file, or an example by its name."""
        return cls(RobotModel.load(robot))

    def measure_person(self, offsets_m: np.ndarray) -> None:
        """Take the offsets (22, 3) [m] of the joints of who is followed, SMPL axes."""
        self.targets.measure_person(offsets_m)

    def step(self, pose: BodyPose, dt_s: float) -> RobotPose:
        """Follow one pose, `dt_s` after the one before; the first is gone to at once."""
        return self.solver.solve(self.targets.build_one(pose), dt_s)

    def build_targets(self, motion: Motion) -> Targets:
        """Return what a motion asks of the robot."""
        return self.targets.build(motion.poses)

    def follow(self, motion: Motion) -> RobotMotion:
        """Follow a whole motion from its first frame, into which the robot does not move."""
        self.solver.reset()
        return RobotMotion(
            tuple(joint.name for joint in self.robot.joints),
            *self.solver.solve_all(self.build_targets(motion).rows, 1.0 / motion.rate_hz),
            motion.rate_hz)
