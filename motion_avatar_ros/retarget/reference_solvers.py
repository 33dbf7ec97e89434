# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`mink` and `pink` on the same tasks, weights, frames and joint limits, to be compared with.

Both are optional: pip install mink pin-pink qpsolvers[daqp].
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.robot_tasks import RobotTasks
from motion_avatar_ros.retarget.self_collision import SelfCollision
from motion_avatar_ros.retarget.solver import RobotPose, SolverWeights
from motion_avatar_ros.retarget.targets import Targets

_QP_SOLVER = 'daqp'
_BEGIN_STEPS = 50
_LEAST_DROP = 1e-3      # General Motion Retargeting's stop: its error drops by no more than this
_MOST_STEPS = 10
_STEP_DAMPING = 1.5 ** 2    # of every step, chosen on training clips: jerk against limbs
_NEAR_M = 0.1       # parts further apart than that are not looked at


class ReferenceMissingError(MotionAvatarError):
    """A solver to be compared with that is not installed."""


class MinkSolver:
    """Differential inverse kinematics of mink, in MuJoCo."""

    def __init__(
        self, robot: RobotModel, tasks: RobotTasks, limits: JointLimits,
        weights: SolverWeights, iterations: int | None,
        collision: SelfCollision | None = None,
    ) -> None:
        """
        Build the same problem.

        Args:
            robot, tasks, limits, weights: of the solver to compare with.
            iterations: QPs per frame, joints' velocities limited; None as General Motion
                Retargeting has it: until the error drops by less than 1e-3, 10 at most, with
                its dampings and without limits of velocity.
            collision: the parts to keep apart, if any, by mink's CollisionAvoidanceLimit.

        Raises:
            ReferenceMissingError: mink, MuJoCo or the QP solver is not installed.
        """
        try:
            import mink
            import mujoco
        except ImportError as error:
            raise ReferenceMissingError(f'mink: {error}') from None
        self._mink, self._iterations, self._robot_tasks = mink, iterations, tasks
        model = _mujoco_model(mujoco, robot, tasks, collision)
        names = [joint.name for joint in robot.joints]
        self._columns = np.array([model.joint(name).qposadr[0] for name in names])
        self._configuration = mink.Configuration(model)
        is_gmr = iterations is None
        damping = 1.0 if is_gmr else weights.error_damping
        self._damping = 0.5 if is_gmr else weights.damping + _STEP_DAMPING
        self._points = [
            mink.FrameTask(f'point{k}', 'site', weight, 0.0, lm_damping=damping)
            for k, weight in enumerate(tasks.point_weights)]
        self._turns = [
            mink.FrameTask(f'turn{k}', 'site', 0.0, weight, lm_damping=damping)
            for k, weight in enumerate(tasks.turn_weights)]
        self._limits = [mink.ConfigurationLimit(model)]
        if not is_gmr:
            self._limits.append(mink.VelocityLimit(
                model, dict(zip(names, limits.velocity.tolist()))))
        if collision is not None:
            asked_m = collision.asked_m.round(3)
            self._limits += [
                mink.CollisionAvoidanceLimit(
                    model, [([f'part{first}'], [f'part{second}'])
                            for first, second in collision.pairs[asked_m == each_m]],
                    minimum_distance_from_collisions=float(each_m),
                    collision_detection_distance=_NEAR_M)
                for each_m in np.unique(asked_m)]
        self._is_begun = False

    def reset(self) -> None:
        """Begin afresh at the next frame."""
        self._is_begun = False

    def solve(self, targets: Targets, frame: int, dt_s: float) -> RobotPose:
        """Follow a frame."""
        mink, configuration = self._mink, self._configuration
        for task, point in zip(self._points, self._robot_tasks.wanted_points(targets, frame)):
            task.set_target(mink.SE3.from_translation(point))
        for task, turn in zip(self._turns, self._robot_tasks.wanted_turns(targets, frame)):
            task.set_target(mink.SE3.from_rotation(mink.SO3.from_matrix(turn)))
        if not self._is_begun:
            self._is_begun = True
            q = np.zeros(configuration.model.nq)
            q[:3] = targets.base_position[frame]
            q[3:7] = mink.SO3.from_matrix(np.asarray(targets.base_rotation[frame])).wxyz
            configuration.update(q)
            for _ in range(_BEGIN_STEPS):
                self._step(1.0)
        if self._iterations is not None:
            for _ in range(self._iterations):
                self._step(dt_s / self._iterations)
        else:
            error = self._error()
            for _ in range(_MOST_STEPS):
                self._step(dt_s)
                before, error = error, self._error()
                if before - error <= _LEAST_DROP:
                    break
        q = configuration.q
        return RobotPose(
            mink.SO3(np.array(q[3:7])).as_matrix(), np.array(q[:3]), np.array(q[self._columns]))

    def _step(self, dt_s: float) -> None:
        velocity = self._mink.solve_ik(
            self._configuration, [*self._points, *self._turns], dt_s, _QP_SOLVER,
            damping=self._damping, limits=self._limits)
        self._configuration.integrate_inplace(velocity, dt_s)

    def _error(self) -> float:
        return float(np.linalg.norm(np.concatenate([
            task.cost * task.compute_error(self._configuration)
            for task in (*self._points, *self._turns)])))


class PinkSolver:
    """Differential inverse kinematics of pink, on pinocchio."""

    def __init__(
        self, robot: RobotModel, tasks: RobotTasks, limits: JointLimits,
        weights: SolverWeights, iterations: int,
    ) -> None:
        """Build the same problem, see `MinkSolver`; positions and velocities are limited."""
        try:
            import pink
            import pinocchio
        except ImportError as error:
            raise ReferenceMissingError(f'pink: {error}') from None
        self._pink, self._pin = pink, pinocchio
        self._iterations, self._robot_tasks, self._weights = iterations, tasks, weights
        model = robot.model.copy()
        model.velocityLimit[6:] = limits.velocity
        for kind, joints, places in (
                ('point', tasks.point_joints, tasks.points),
                ('turn', tasks.turn_joints, np.zeros((len(tasks.turn_joints), 3)))):
            for k, (joint, place) in enumerate(zip(joints, places, strict=True)):
                model.addFrame(pinocchio.Frame(
                    f'{kind}{k}', joint, pinocchio.SE3(np.eye(3), place),
                    pinocchio.FrameType.OP_FRAME))
        self._model, self._data = model, model.createData()
        damping = weights.error_damping
        self._points = [pink.FrameTask(f'point{k}', weight, 0.0, lm_damping=damping)
                        for k, weight in enumerate(tasks.point_weights)]
        self._turns = [pink.FrameTask(f'turn{k}', 0.0, weight, lm_damping=damping)
                       for k, weight in enumerate(tasks.turn_weights)]
        self._configuration: Any = None

    def reset(self) -> None:
        """Begin afresh at the next frame."""
        self._configuration = None

    def solve(self, targets: Targets, frame: int, dt_s: float) -> RobotPose:
        """Follow a frame."""
        pin = self._pin
        for task, point in zip(self._points, self._robot_tasks.wanted_points(targets, frame)):
            task.set_target(pin.SE3(np.eye(3), point))
        for task, turn in zip(self._turns, self._robot_tasks.wanted_turns(targets, frame)):
            task.set_target(pin.SE3(turn, np.zeros(3)))
        if self._configuration is None:
            q = pin.neutral(self._model)
            q[:3] = targets.base_position[frame]
            q[3:7] = pin.Quaternion(np.asarray(targets.base_rotation[frame])).coeffs()
            q[7:] = np.clip(
                q[7:], self._model.lowerPositionLimit[7:], self._model.upperPositionLimit[7:])
            self._configuration = self._pink.Configuration(self._model, self._data, q)
            for _ in range(_BEGIN_STEPS):
                self._step(1.0)
        for _ in range(self._iterations):
            self._step(dt_s / self._iterations)
        q = self._configuration.q
        return RobotPose(
            pin.Quaternion(q[3:7]).toRotationMatrix(), q[:3].copy(), q[7:].copy())

    def _step(self, dt_s: float) -> None:
        weights = self._weights
        velocity = self._pink.solve_ik(
            self._configuration, [*self._points, *self._turns], dt_s, _QP_SOLVER,
            damping=weights.damping + _STEP_DAMPING, safety_break=False)
        self._configuration.integrate_inplace(velocity, dt_s)


def _mujoco_model(
    mujoco: Any, robot: RobotModel, tasks: RobotTasks, collision: SelfCollision | None
) -> Any:
    """Return the robot on a free joint, with a site for each task and a geom for each part."""
    root = ElementTree.fromstring(robot.kinematics_xml)
    ElementTree.SubElement(root, 'link', name='_world')
    floating = ElementTree.SubElement(root, 'joint', name='_floating', type='floating')
    ElementTree.SubElement(floating, 'parent', link='_world')
    ElementTree.SubElement(floating, 'child', link=robot.base_link)
    for link in root.findall('link'):   # MuJoCo refuses some, and kinematics need none
        for inertial in link.findall('inertial'):
            link.remove(inertial)
    compiler = ElementTree.SubElement(ElementTree.SubElement(root, 'mujoco'), 'compiler')
    compiler.set('fusestatic', 'true')
    compiler.set('boundmass', '1e-6')
    compiler.set('boundinertia', '1e-9')
    specification = mujoco.MjSpec.from_string(ElementTree.tostring(root, encoding='unicode'))
    bodies = {joint.name: joint.parent for joint in specification.joints}

    def body(joint: int) -> Any:
        return bodies['_floating' if joint == 1 else robot.model.names[joint]]

    for k, (joint, place) in enumerate(zip(tasks.point_joints, tasks.points, strict=True)):
        body(joint).add_site(name=f'point{k}', pos=place)
    for k, joint in enumerate(tasks.turn_joints):
        body(joint).add_site(name=f'turn{k}')
    for k, capsule in enumerate(() if collision is None else collision.capsules):
        place = robot.neutral_place(capsule.joint)
        start, end = (place.actInv(each) for each in capsule.ends)
        radius_m = capsule.radius_m
        if np.allclose(start, end):
            body(capsule.joint + 2).add_geom(
                name=f'part{k}', type=mujoco.mjtGeom.mjGEOM_SPHERE, pos=start,
                size=[radius_m, 0.0, 0.0], mass=0.0)
        else:
            body(capsule.joint + 2).add_geom(
                name=f'part{k}', type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                fromto=[*start, *end], size=[radius_m, 0.0, 0.0], mass=0.0)
    return specification.compile()
