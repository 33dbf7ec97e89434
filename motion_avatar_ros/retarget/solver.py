# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Inverse kinematics of a whole robot, frame by frame, warm-started from the frame before.

Damped Gauss-Newton over weighted tasks, the joints' steps in a box of position, velocity and
acceleration limits, parts kept apart and standing feet held in the same solve: `kernel/`.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.body_plan import BodyPlan, bending_sense
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.retarget.kernel_library import (
    MOST_JOINTS, Pose, Robot, address, kernel,
)
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.robot_tasks import RobotTasks, TaskWeights
from motion_avatar_ros.retarget.self_collision import SelfCollision
from motion_avatar_ros.retarget.targets import LIMBS
from motion_avatar_ros.retarget.urdf import UrdfError


class NotFollowedError(MotionAvatarError):
    """A pose that led nowhere; the next one is begun with."""


@dataclass(frozen=True)
class SolverWeights(TaskWeights):
    """Those of the tasks, and of what keeps the solver together."""

    toe: float = 30.0       # Of a foot that stands.
    bend: float = 1.0       # Of the plane in which a limb bends [1/rad], of a right angle.
    posture: float = 0.04   # Towards the middle of each joint's range, or zero where it has it.
    seed_posture: float = 10.0  # On the way out of a pose in which it was stuck.
    leg_way: float = 0.7    # Of where thighs and shins point [1/rad], beside knees and ankles.
    arm_way: float = 1.5
    steady: float = 1.0     # That joints go on as they went [1/rad]: trembles less, lags more.
    apart: float = 300.0    # Parts that would touch.
    legs_apart: float = 150.0   # Legs that would: feet that stand are held firmly, too.
    closed: float = 0.4     # Share of the room of two parts that a frame leaves: time to brake.
    damping: float = 1e-3
    error_damping: float = 2.0


@dataclass(frozen=True)
class RobotPose:
    """
    A pose of the robot.

    Attributes:
        base_rotation: (3, 3) in the world.
        base_position: (3,) [m].
        joints: (J,) [rad], in the model's order.
    """

    base_rotation: np.ndarray
    base_position: np.ndarray
    joints: np.ndarray


class RobotSolver:
    """Follows targets with one robot."""

    def __init__(
        self, robot: RobotModel, plan: BodyPlan, limits: JointLimits, toes_m: np.ndarray,
        weights: SolverWeights | None = None, iterations: int = 5,
        collision: SelfCollision | None = None, is_base_fixed: bool = False,
        are_legs_still: bool = False,
    ) -> None:
        """
        Prepare.

        Args:
            robot, plan: the robot and what was found in it.
            limits: of its joints.
            toes_m: (2, 3) [m] on the floor under the toes of the neutral pose, left and right,
                in the axes of the base.
            weights: of the tasks.
            iterations: Gauss-Newton steps of a frame.
            collision: the parts to keep apart, if any.
            is_base_fixed: the base stays where the first target has it, and no foot is held.
            are_legs_still: legs stay at rest.

        Raises:
            UrdfError: the robot has more joints than the kernel takes.
            KernelMissingError: the kernel was not compiled.
        """
        count = len(robot.joints)
        if count > MOST_JOINTS:
            raise UrdfError(f"robot '{robot.name}' has {count} joints; at most {MOST_JOINTS}")
        self.weights = weights or SolverWeights()
        self.tasks = RobotTasks(robot, plan, self.weights)
        self.collision = collision
        self.iterations = iterations
        self._arrays: list[np.ndarray] = []     # what the kernel points to
        self._kernel = kernel()
        legs = [joint for limb in LIMBS[:2] for joint in plan.limbs[limb].joints]
        is_locked = np.zeros(count, dtype=np.int32)
        is_locked[legs] = are_legs_still
        zero_is_allowed = (limits.lower <= 0.0) & (limits.upper >= 0.0)
        rest = np.where(zero_is_allowed, 0.0, 0.5 * (limits.lower + limits.upper))
        self._robot = Robot(
            joints=count, iterations=iterations,
            lower=self._at(limits.lower), upper=self._at(limits.upper),
            velocity=self._at(limits.velocity), acceleration=self._at(limits.acceleration),
            rest=self._at(rest), is_locked=self._at(is_locked, np.int32),
            is_base_locked=is_base_fixed, holds_feet=not is_base_fixed,
            **{name: getattr(self.weights, name) for name in (
                'posture', 'steady', 'damping', 'error_damping', 'closed', 'seed_posture')})
        self._place_joints(robot)
        self._place_tasks(robot, plan, toes_m, are_legs_still)
        self._place_capsules(robot)
        self._joints, self._speed, self._seed = np.zeros((3, count))
        self._base_rotation, self._base_position = np.eye(3), np.zeros(3)
        self._outputs = tuple(map(
            address, (self._joints, self._base_position, self._base_rotation)))
        self._state_joints = np.zeros(count)
        self._state = Pose(
            joints=address(self._state_joints), speed=address(self._speed),
            seed=address(self._seed))
        self._pointers = ctypes.addressof(self._robot), ctypes.addressof(self._state)

    def reset(self) -> None:
        """Forget the pose: the next frame is solved afresh, from the neutral pose."""
        self._state.is_begun = 0

    @property
    def seeds(self) -> int:
        """How often it was stuck and went another way."""
        return int(self._state.seeds)

    def solve(self, target: int, dt_s: float) -> RobotPose:
        """
        Follow a frame.

        Args:
            target: where a row of `kernel_library.TARGET` is.
            dt_s: time since the frame before.

        Raises:
            NotFollowedError: the result is not finite, as are those of targets that are not.
        """
        self._kernel.follow(*self._pointers, target, 1, dt_s, *self._outputs)
        if not (np.isfinite(self._joints).all() and np.isfinite(self._base_position).all()):
            self.reset()
            raise NotFollowedError('no finite pose of the robot follows this one')
        return RobotPose(
            self._base_rotation.copy(), self._base_position.copy(), self._joints.copy())

    def solve_all(
        self, rows: np.ndarray, dt_s: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """
        Follow frames (F,) of `kernel_library.TARGET`, equally far apart.

        Returns:
            Joints (F, J) [rad], positions (F, 3) [m] and rotations (F, 3, 3) of the base.
        """
        count = len(rows)
        results = (
            np.empty((count, len(self._joints))), np.empty((count, 3)), np.empty((count, 3, 3)))
        self._kernel.follow(
            *self._pointers, address(rows), count, dt_s, *map(address, results))
        return results

    def held_feet(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where soles are held (2, 3) [m], left and right, and whether (2,) they are."""
        feet = self._state.foot
        return (np.array([list(foot.held) for foot in feet]),
                np.array([bool(foot.stands) for foot in feet]))

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """
        Return where the parts are in the last pose.

        Returns:
            The ends (C, 2, 3) [m] of their capsules in the world, and how much further apart
            (P,) [m] each pair is than it must be; below zero parts are closer than the margin.
        """
        assert self.collision is not None
        ends = np.empty((len(self.collision.capsules), 2, 3))
        room = np.empty(len(self.collision.pairs))
        self._kernel.place_parts(*self._pointers, address(ends), address(room))
        return ends, room + self.collision.kept_m - self.collision.least_m

    def _at(self, values: np.ndarray, kind: type = float) -> int:
        """Return the address of a copy that lives as long as this."""
        array: np.ndarray = np.array(values, dtype=kind, order='C')
        self._arrays.append(array)
        return address(array)

    def _place_joints(self, robot: RobotModel) -> None:
        places = []
        for number in range(len(robot.joints)):
            place = robot.model.jointPlacements[number + 2]
            places.append(np.concatenate((place.rotation.ravel(), place.translation)))
        self._robot.place = self._at(np.array(places))
        self._robot.parent = self._at(
            np.array([joint.parent for joint in robot.joints]), np.int32)
        self._robot.axis = self._at(np.array([
            robot.neutral_place(number).rotation.T @ joint.axis
            for number, joint in enumerate(robot.joints)]))

    def _place_tasks(
        self, robot: RobotModel, plan: BodyPlan, toes_m: np.ndarray, are_legs_still: bool
    ) -> None:
        tasks, limbs = self.tasks, [plan.limbs[name] for name in LIMBS]
        ankles = [limb.end for limb in limbs[:2]]
        # Pinocchio counts from the world, the base being 1; the kernel has it at -1.
        point_joints = [*(number - 2 for number in tasks.point_joints), *ankles]
        toes = [robot.neutral_place(joint).actInv(toe)
                for joint, toe in zip(ankles, toes_m, strict=True)]
        point_weights = np.array([*tasks.point_weights, *(self.weights.toe,) * 2])
        turn_weights = np.array(tasks.turn_weights)
        if are_legs_still:
            point_weights[[0, 1, 4, 5, 9, 10]] = turn_weights[[1, 2]] = 0.0
        chest = plan.trunk[-1] if plan.trunk else -1
        root_joints = [-1, -1, chest, chest]
        roots = [robot.neutral_place(joint).actInv(limb.root_m)
                 for joint, limb in zip(root_joints, limbs, strict=True)]
        self._robot.point_joint = self._at(np.array(point_joints), np.int32)
        self._robot.point = self._at(np.array([*tasks.points, *toes]))
        self._robot.point_weight = self._at(point_weights)
        self._robot.turn_joint = self._at(np.array(tasks.turn_joints) - 2, np.int32)
        self._robot.turn_neutral = self._at(tasks.turn_neutral)
        self._robot.turn_weight = self._at(turn_weights)
        self._robot.root_joint = self._at(np.array(root_joints), np.int32)
        self._robot.root = self._at(np.array(roots))
        self._robot.bend_joint = self._at(np.array([limb.middle for limb in limbs]), np.int32)
        bends = np.array([bending_sense(robot.joints, limb) for limb in limbs])
        bends[:2] *= not are_legs_still
        self._robot.bend_weight = self._at(self.weights.bend * bends)
        ways = np.array([*(self.weights.leg_way,) * 2, *(self.weights.arm_way,) * 2])
        ways[:2] *= not are_legs_still
        self._robot.way_weight = self._at(ways)
        self._robot.reach = self._at(np.array([sum(limb.lengths_m) for limb in limbs]))

    def _place_capsules(self, robot: RobotModel) -> None:
        """Put the capsules' ends into the frames of their joints."""
        if self.collision is None:
            return
        capsules = self.collision.capsules
        self._robot.capsules, self._robot.pairs = len(capsules), len(self.collision.pairs)
        self._robot.capsule_joint = self._at(
            np.array([capsule.joint for capsule in capsules]), np.int32)
        self._robot.capsule_end = self._at(np.array([
            [robot.neutral_place(capsule.joint).actInv(end) for end in capsule.ends]
            for capsule in capsules]))
        self._robot.pair = self._at(self.collision.pairs, np.int32)
        self._robot.least = self._at(self.collision.kept_m)
        self._robot.apart = self._at(np.where(
            self.collision.are_legs, self.weights.legs_apart, self.weights.apart))
