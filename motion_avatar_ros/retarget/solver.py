# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Inverse kinematics of a whole robot, frame by frame: damped Gauss-Newton over weighted tasks.

All tasks go into one least-squares problem over the floating base and the joints, solved with
the steps of joints held in their box (`joint_limits`) by an active set. Levenberg's damping
grows with the error: undamped steps jump between branches. Where a step would bring parts too
close to each other (`self_collision`), keeping them apart joins the tasks, and outweighs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg.lapack import dposv

from motion_avatar_ros.body.rotations import cross
from motion_avatar_ros.retarget.body_plan import BodyPlan
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.robot_tasks import RobotTasks, TaskWeights
from motion_avatar_ros.retarget.self_collision import SelfCollision
from motion_avatar_ros.retarget.targets import Targets

_BASE = 6  # numbers of the base's velocity
_ACTIVE_SET_ROUNDS = 8
_EDGE = 1e-12    # rounding
_APART_ROUNDS = 3
_NEAR_M = 0.1   # a frame brings no pair closer by more
_CLOSED = 0.5   # share of the room of two parts that a frame leaves: time to brake


@dataclass(frozen=True)
class SolverWeights(TaskWeights):
    """Those of the tasks, and of what keeps the solver together."""

    posture: float = 0.05   # Towards the middle of each joint's range, or zero where it has it.
    stay: float = 1.5       # Of each step of a joint: trembles less, lags more.
    apart: float = 100.0    # Parts that would touch.
    damping: float = 1e-3
    error_damping: float = 0.02


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
    """Follows targets with one robot, warm-started from the frame before."""

    def __init__(
        self, robot: RobotModel, plan: BodyPlan, limits: JointLimits,
        weights: SolverWeights | None = None, iterations: int = 2,
        collision: SelfCollision | None = None,
    ) -> None:
        """
        Prepare.

        Args:
            robot, plan: the robot and what was found in it.
            limits: of its joints.
            weights: of the tasks.
            iterations: Gauss-Newton steps of a frame.
            collision: the parts to keep apart, if any.
        """
        import pinocchio

        self._pin: Any = pinocchio
        self._model, self._data = robot.model, robot.data
        self._limits = limits
        self.weights = weights or SolverWeights()
        self._iterations = iterations
        self.collision = collision
        tasks = RobotTasks(robot, plan, self.weights)
        self.tasks = tasks
        self._point_support = np.stack([self._support(joint) for joint in tasks.point_joints])
        self._turn_support = np.stack([self._support(joint) for joint in tasks.turn_joints])
        self._place_capsules(robot)
        zero_is_allowed = (limits.lower <= 0.0) & (limits.upper >= 0.0)
        self._rest = np.where(zero_is_allowed, 0.0, 0.5 * (limits.lower + limits.upper))
        self.reset()

    def reset(self) -> None:
        """Forget the pose: the next frame is solved afresh, from the neutral pose."""
        self._q: np.ndarray | None = None
        self._speed = np.zeros(len(self._limits.lower))

    def solve(self, targets: Targets, frame: int, dt_s: float) -> RobotPose:
        """
        Follow a frame.

        Args:
            targets: of which `frame` is followed.
            frame: its number.
            dt_s: time since the frame before.
        """
        if self._q is None:
            self._begin(targets, frame)
        assert self._q is not None
        start = self._q.copy()
        least, greatest = self._limits.reach(start[7:], self._speed, dt_s)
        q = start
        self._near_parts: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        for _ in range(self._iterations):
            q = self._step(q, targets, frame, start[7:] + least, start[7:] + greatest)
        self._speed = (q[7:] - start[7:]) / dt_s
        self._q = q
        return self._pose(q)

    def _begin(self, targets: Targets, frame: int) -> None:
        """Start from the base's target, joints free to go anywhere within their limits."""
        quaternion = self._pin.Quaternion(np.asarray(targets.base_rotation[frame])).coeffs()
        q = np.concatenate((
            targets.base_position[frame], quaternion,
            np.clip(self._rest, self._limits.lower, self._limits.upper)))
        for _ in range(50):
            self._near_parts = None
            q = self._step(q, targets, frame, self._limits.lower, self._limits.upper)
        self._q = q
        self._speed = np.zeros(len(self._limits.lower))

    def _pose(self, q: np.ndarray) -> RobotPose:
        rotation = self._pin.Quaternion(q[3:7]).toRotationMatrix()
        return RobotPose(np.array(rotation), q[:3].copy(), q[7:].copy())

    def _place_capsules(self, robot: RobotModel) -> None:
        """Put the capsules' ends into the frames of their joints."""
        if self.collision is None:
            return
        capsules = self.collision.capsules
        self._capsule_joints = [capsule.joint + 2 for capsule in capsules]
        self._capsule_ends = np.array([
            [robot.neutral_place(capsule.joint).actInv(end) for end in capsule.ends]
            for capsule in capsules])
        self._capsule_support = np.stack([self._support(j) for j in self._capsule_joints])

    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """
        Return where the parts are in the last pose.

        Returns:
            The ends (C, 2, 3) [m] of their capsules in the world, and how much further apart
            (P,) [m] each pair is than it must be.
        """
        assert self.collision is not None and self._q is not None
        self._pin.forwardKinematics(self._model, self._data, self._q)
        ends = self._ends()
        return ends, self.collision.nearness(ends).room_m

    def _ends(self) -> np.ndarray:
        """Return the ends (C, 2, 3) [m] of the capsules in the world."""
        places = [self._data.oMi[joint] for joint in self._capsule_joints]
        rotations = np.array([place.rotation for place in places])
        origins = np.array([place.translation for place in places])
        return self._capsule_ends @ rotations.swapaxes(1, 2) + origins[:, None]

    def _near(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the room (K,) [m] of pairs that are near, and how it changes (K, nv)."""
        assert self.collision is not None
        nearness = self.collision.nearness(self._ends())
        near = nearness.room_m < _NEAR_M
        if not near.any():
            return np.zeros(0), np.zeros((0, columns.shape[1]))
        linear, angular = columns[:3].T, columns[3:].T
        away, points = nearness.away[near], nearness.points[near]
        pairs = self.collision.pairs[near]
        # Of a point along n: n (v + w x p) = n v + (p x n) w.
        sides = [
            self._capsule_support[pairs[:, side]] * (
                away @ linear.T + cross(points[:, side], away) @ angular.T)
            for side in (0, 1)]
        return nearness.room_m[near], sides[0] - sides[1]

    def _support(self, joint: int) -> np.ndarray:
        """Return which velocities (nv,) move a joint."""
        moves = np.zeros(self._model.nv)
        while joint > 0:
            first = self._model.idx_vs[joint]
            moves[first:first + self._model.nvs[joint]] = 1.0
            joint = self._model.parents[joint]
        return moves

    def _step(
        self, q: np.ndarray, targets: Targets, frame: int, lower: np.ndarray,
        upper: np.ndarray,
    ) -> np.ndarray:
        """Take one Gauss-Newton step, joints staying between `lower` and `upper`."""
        jacobian, error = self._tasks(q, targets, frame)
        weights = self.weights
        joints = q[7:]
        hessian = jacobian.T @ jacobian
        gradient = jacobian.T @ error
        diagonal = np.full(len(hessian), weights.damping + (
            weights.error_damping * float(error @ error)))
        diagonal[_BASE:] += weights.posture ** 2 + weights.stay ** 2
        gradient[_BASE:] += weights.posture ** 2 * (self._rest - joints)
        hessian[np.diag_indices_from(hessian)] += diagonal
        step = _boxed(hessian, gradient, lower - joints, upper - joints)
        if self.collision is not None:
            step = self._apart(step, hessian, gradient, lower - joints, upper - joints)
        q = np.asarray(self._pin.integrate(self._model, q, step))
        q[7:] = np.clip(q[7:], lower, upper)
        return q

    def _apart(
        self, step: np.ndarray, hessian: np.ndarray, gradient: np.ndarray, lower: np.ndarray,
        upper: np.ndarray,
    ) -> np.ndarray:
        """Return the step, solved again with those parts kept apart that it brings too close."""
        # Where they are in the first step of a frame serves the others, too.
        if self._near_parts is None:
            room, change = self._near(self._data.J)
            least = _CLOSED * np.maximum(room, 0.0)
        else:
            room, change, least = self._near_parts
        is_kept = np.zeros(len(room), dtype=bool)
        for _ in range(_APART_ROUNDS):
            is_new = (room + change @ step < least) & ~is_kept
            if not is_new.any():
                break
            is_kept |= is_new
            rows = self.weights.apart * change[is_new]
            hessian = hessian + rows.T @ rows
            gradient = gradient + rows.T @ (
                self.weights.apart * (least[is_new] - room[is_new]))
            step = _boxed(hessian, gradient, lower, upper)
        self._near_parts = room + change @ step, change, least
        return step

    def _tasks(
        self, q: np.ndarray, targets: Targets, frame: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the weighted Jacobian and what the tasks lack, in the world's axes."""
        data, tasks = self._data, self.tasks
        columns = np.asarray(self._pin.computeJointJacobians(self._model, data, q))
        linear, angular = columns[:3], columns[3:]
        places = [data.oMi[joint] for joint in tasks.point_joints]
        points = np.array([
            place.act(point) for place, point in zip(places, tasks.points, strict=True)])
        # Of a point: v + w x p, of the columns that move it.
        moved = linear[None] + cross(angular.T[None], points[:, None]).swapaxes(1, 2)
        moved *= self._point_support[:, None] * tasks.point_weights[:, None, None]
        lacking = (tasks.wanted_points(targets, frame) - points) * tasks.point_weights[:, None]
        turns = np.array([data.oMi[joint].rotation for joint in tasks.turn_joints])
        asked = tasks.wanted_turns(targets, frame)
        turned = angular[None] * (
            self._turn_support[:, None] * tasks.turn_weights[:, None, None])
        askew = _turn_vectors(asked @ turns.swapaxes(-1, -2)) * tasks.turn_weights[:, None]
        width = columns.shape[1]
        return (
            np.concatenate((moved.reshape(-1, width), turned.reshape(-1, width))),
            np.concatenate((lacking.ravel(), askew.ravel())))


def _turn_vectors(rotations: np.ndarray) -> np.ndarray:
    """
    Return rotation vectors (N, 3) of (N, 3, 3); near half a turn their axis is a guess.

    As `axis_angle_from_matrix`, without its checks, which take four times as long as this.
    """
    trace = rotations[:, 0, 0] + rotations[:, 1, 1] + rotations[:, 2, 2]
    skew = 0.5 * np.stack((
        rotations[:, 2, 1] - rotations[:, 1, 2], rotations[:, 0, 2] - rotations[:, 2, 0],
        rotations[:, 1, 0] - rotations[:, 0, 1]), axis=-1)
    sine = np.linalg.norm(skew, axis=-1)
    angle = np.arctan2(sine, 0.5 * (trace - 1.0))
    return skew * (angle / np.maximum(sine, 1e-9))[:, None]


def _boxed(
    hessian: np.ndarray, gradient: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    """
    Minimise a quadratic whose last variables stay in a box.

    Primal-dual active sets (Hintermueller, Ito, Kunisch, 2002): what leaves the box is put on
    its edge, what is pulled back inside is let go, until neither happens.
    """
    _, step, _ = dposv(hessian, gradient)
    joints = step[_BASE:]
    above, below = joints > upper, joints < lower
    clamped = np.zeros(len(step), dtype=bool)
    for _ in range(_ACTIVE_SET_ROUNDS):
        if not (above.any() or below.any()):
            break
        clamped[_BASE:] = above | below
        free = ~clamped
        joints[:] = np.where(above, upper, np.where(below, lower, joints))
        _, step[free], _ = dposv(
            hessian[np.ix_(free, free)],
            gradient[free] - hessian[np.ix_(free, clamped)] @ step[clamped])
        pull = (gradient - hessian @ step)[_BASE:]
        is_clamped = clamped[_BASE:]
        now_above = np.where(is_clamped, above & (pull > 0.0), joints > upper + _EDGE)
        now_below = np.where(is_clamped, below & (pull < 0.0), joints < lower - _EDGE)
        if (now_above == above).all() and (now_below == below).all():
            break
        above, below = now_above, now_below
    joints[:] = np.clip(joints, lower, upper)
    return step
