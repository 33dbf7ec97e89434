# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The least-squares problem of a calibration: its terms, and its normal equations.

The negative logarithm of the posterior, times two, is a sum of squares: of what the joints miss
the devices by, of postures' deviations from the prior, and of offsets, sizes and floor from what
is typical. Given what all frames share, frames do not depend on each other: the normal
equations are block-arrow, and the poses are eliminated by a Schur complement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import apply, axis_angle_from_matrix, transpose
from motion_avatar_ros.trackers.calibration_body import (
    CHAINS, IS_ARM, SIZES, UPPER_PARENTS, Unknowns, cross_matrix, rotation_vector_slopes,
)
from motion_avatar_ros.trackers.calibration_prior import (
    POSTURE_SIZE, PosturePrior, UPPER_BODY, persons_covariance,
)

#: How well a device shows its joint's pose: the body is no exact skeleton.
DEVICE_M, DEVICE_RAD = 0.004, np.radians(1.0)
#: Standard deviations: of the logarithm of the body's size and of its arms', of an offset's
#: lever and turn per axis. Offsets of up to 10 cm and 30 degrees are to be found, and not to be
#: pulled towards what is typical.
LOG_SCALE_STD, ARM_SCALE_STD, LEVER_STD_M, TURN_STD_RAD = 0.08, 0.025, 0.1, np.radians(30.0)


@dataclass(frozen=True)
class TakeFrames:
    """
    The frames of a take that are used.

    Attributes:
        rotations: (F, N, 3, 3) of the devices, SMPL body axes.
        positions: (F, N, 3) of the devices [m].
        is_used: (F, N) False for a device that a frame leaves out.
        steps: (F,) number of the step.
        headings_rad: (S,) a first guess of where the operator faces in each step.
        places_m: (S, 2) a first guess of where the operator stands.
    """

    rotations: np.ndarray
    positions: np.ndarray
    is_used: np.ndarray
    steps: np.ndarray
    headings_rad: np.ndarray
    places_m: np.ndarray


@dataclass(frozen=True)
class Typical:
    """What devices are worn like: levers (N, 3) [m] and turns (N, 3, 3), and the floor."""

    levers: np.ndarray
    turns: np.ndarray
    floor_m: float
    floor_std_m: float


@dataclass(frozen=True)
class Residuals:
    """What the unknowns leave, in metres and radians; `postures` include the habits."""

    missed_m: np.ndarray
    missed_rad: np.ndarray
    postures: np.ndarray
    core: np.ndarray
    turned: np.ndarray


@dataclass(frozen=True)
class Normal:
    """
    Blocks of the normal equations: pose (x), core and habits (y), and their gradients.

    Attributes:
        xx: (F, 45, 45).
        xy: (F, 45, C + 45) against the core and the habits of the frame's own step.
        x: (F, 45).
        yy: (C + 45 S, C + 45 S).
        y: (C + 45 S).
    """

    xx: np.ndarray
    xy: np.ndarray
    x: np.ndarray
    yy: np.ndarray
    y: np.ndarray


class CalibrationProblem:
    """The terms for one take."""

    def __init__(
        self, frames: TakeFrames, joints: Sequence[int], priors: Sequence[PosturePrior],
        typical: Typical,
    ) -> None:
        """
        Set up.

        Args:
            frames: F frames of N devices.
            joints: N indices into UPPER_BODY.
            priors: of the S steps.
            typical: prior of the offsets and of the floor.
        """
        self.frames, self.joints, self.typical = frames, list(joints), typical
        self.core = SIZES + 6 * len(joints)
        self.means = np.stack([
            prior.facing(heading) for prior, heading in zip(
                priors, frames.headings_rad, strict=True)])[frames.steps]
        self._heights_m = np.array([prior.height_m for prior in priors])[frames.steps]
        #: Information (S, 45, 45) on postures within a step.
        self.within = np.stack([np.linalg.inv(prior.within) for prior in priors])
        self._persons = np.linalg.inv(persons_covariance(priors))
        self.trust = np.ones(len(frames.steps))

    def residuals(self, unknowns: Unknowns) -> Residuals:
        """Return what is left."""
        frames, typical = self.frames, self.typical
        rotations, positions = unknowns.joints()
        seen = frames.positions + apply(frames.rotations, unknowns.levers)
        above = (unknowns.roots[:, 2] - unknowns.floor_m) / np.exp(unknowns.log_scale)
        deviations = axis_angle_from_matrix(transpose(self.means) @ unknowns.rotations)
        postures = np.concatenate((
            unknowns.roots[:, :2] - frames.places_m[frames.steps],
            (above - self._heights_m)[:, None], deviations.reshape(len(above), -1),
        ), axis=1) - unknowns.habits[frames.steps]
        turned = axis_angle_from_matrix(transpose(typical.turns) @ unknowns.turns)
        return Residuals(
            positions[:, self.joints] - seen,
            axis_angle_from_matrix(
                transpose(frames.rotations @ unknowns.turns) @ rotations[:, self.joints]),
            postures,
            np.concatenate((
                (unknowns.log_scale / LOG_SCALE_STD, unknowns.log_arm_scale / ARM_SCALE_STD,
                 (unknowns.floor_m - typical.floor_m) / typical.floor_std_m),
                ((unknowns.levers - typical.levers) / LEVER_STD_M).ravel(),
                (turned / TURN_STD_RAD).ravel())),
            turned)

    def posture_costs(self, residuals: Residuals) -> np.ndarray:
        """Return the squared Mahalanobis lengths (F,) of the postures' residuals."""
        return np.einsum(
            'fi,fij,fj->f', residuals.postures, self.within[self.frames.steps],
            residuals.postures)

    def cost(self, unknowns: Unknowns) -> float:
        """Return the sum of squares."""
        left = self.residuals(unknowns)
        used = self.frames.is_used[..., None]
        habits = unknowns.habits.ravel()
        return float(
            (self.trust * self.posture_costs(left)).sum()
            + (used * left.missed_rad ** 2).sum() / DEVICE_RAD ** 2
            + (used * left.missed_m ** 2).sum() / DEVICE_M ** 2
            + left.core @ left.core + habits @ self._persons @ habits)

    def pose_slopes(self, unknowns: Unknowns) -> tuple[np.ndarray, np.ndarray]:
        """Return slopes of weighted misses (F, 6 N, 45) and of postures (F, 45, 45) by poses."""
        rotations, positions = unknowns.joints()
        frames, trackers = self.frames.positions.shape[:2]
        misses = np.zeros((frames, trackers, 6, POSTURE_SIZE))
        misses[:, :, :3, :3] = np.eye(3)
        for tracker, joint in enumerate(self.joints):
            for ancestor in CHAINS[joint]:
                own = slice(3 + 3 * ancestor, 6 + 3 * ancestor)
                axes = rotations[:, ancestor]
                misses[:, tracker, :3, own] = cross_matrix(
                    positions[:, ancestor] - positions[:, joint]) @ axes
                misses[:, tracker, 3:, own] = transpose(rotations[:, joint]) @ axes
        misses *= self._weights()[..., None]
        postures = np.zeros((frames, POSTURE_SIZE, POSTURE_SIZE))
        postures[:, 0, 0] = postures[:, 1, 1] = 1.0
        postures[:, 2, 2] = np.exp(-unknowns.log_scale)
        turning = rotation_vector_slopes(
            axis_angle_from_matrix(transpose(self.means) @ unknowns.rotations))
        for joint in range(len(UPPER_BODY)):
            own = slice(3 + 3 * joint, 6 + 3 * joint)
            postures[:, own, own] = turning[:, joint]
        return misses.reshape(frames, 6 * trackers, POSTURE_SIZE), postures

    def normal_equations(self, unknowns: Unknowns) -> Normal:
        """Return the normal equations of the linearised problem."""
        steps, core = self.frames.steps, self.core
        left = self.residuals(unknowns)
        by_pose, posture_by_pose = self.pose_slopes(unknowns)
        by_core, posture_by_core = self._core_slopes(unknowns, left)
        missed = (np.concatenate((left.missed_m, left.missed_rad), axis=-1)
                  * self._weights()).reshape(len(steps), -1)
        information = self.within[steps] * self.trust[:, None, None]
        by_pose_t, posture_by_pose_t = transpose(by_pose), transpose(posture_by_pose)
        pull = apply(information, left.postures)
        of_core = information @ posture_by_core
        xy = np.concatenate((
            by_pose_t @ by_core + posture_by_pose_t @ of_core,
            -posture_by_pose_t @ information), axis=-1)
        size = core + unknowns.habits.size
        yy, y = np.zeros((size, size)), np.zeros(size)
        yy[core:, core:] = self._persons
        y[core:] = self._persons @ unknowns.habits.ravel()
        prior = self._prior_slopes(left)
        yy[:core, :core] = (transpose(by_core) @ by_core).sum(axis=0) + (
            transpose(posture_by_core) @ of_core).sum(axis=0) + prior.T @ prior
        y[:core] = apply(transpose(by_core), missed).sum(axis=0) + apply(
            transpose(posture_by_core), pull).sum(axis=0) + prior.T @ left.core
        for step, own in enumerate(self._habit_slices()):
            here = steps == step
            yy[own, own] += information[here].sum(axis=0)
            yy[:core, own] = -transpose(of_core[here]).sum(axis=0)
            yy[own, :core] = yy[:core, own].T
            y[own] -= pull[here].sum(axis=0)
        return Normal(
            by_pose_t @ by_pose + posture_by_pose_t @ information @ posture_by_pose, xy,
            apply(by_pose_t, missed) + apply(posture_by_pose_t, pull), yy, y)

    def reduced(self, normal: Normal, damping: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """
        Eliminate the poses.

        Returns:
            The Schur complement, its gradient, and per frame how the pose answers to core,
            habits and (last column) its own gradient: (F, 45, C + 45 + 1).
        """
        damped = normal.xx + damping * np.eye(POSTURE_SIZE) * normal.xx
        columns = np.concatenate((normal.xy, normal.x[..., None]), axis=-1)
        answers = np.linalg.solve(damped, columns)
        taken = transpose(columns) @ answers
        core, end = self.core, self.core + POSTURE_SIZE
        yy, y = normal.yy.copy(), normal.y.copy()
        yy[:core, :core] -= taken[:, :core, :core].sum(axis=0)
        y[:core] -= taken[:, :core, -1].sum(axis=0)
        for step, own in enumerate(self._habit_slices()):
            here = taken[self.frames.steps == step].sum(axis=0)
            yy[own, own] -= here[core:end, core:end]
            yy[:core, own] -= here[:core, core:end]
            yy[own, :core] -= here[core:end, :core]
            y[own] -= here[core:end, -1]
        return yy, y, answers

    def _habit_slices(self) -> list[slice]:
        return [slice(self.core + POSTURE_SIZE * step, self.core + POSTURE_SIZE * (step + 1))
                for step in range(len(self.within))]

    def _weights(self) -> np.ndarray:
        """Return the weights (F, N, 6) of the misses."""
        return self.frames.is_used[..., None] / np.repeat([DEVICE_M, DEVICE_RAD], 3)

    def _core_slopes(
        self, unknowns: Unknowns, left: Residuals
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return slopes of weighted misses (F, 6 N, C) and of postures (F, 45, C) by the core."""
        rotations, positions = unknowns.joints()
        frames, trackers = self.frames.positions.shape[:2]
        misses = np.zeros((frames, trackers, 6, self.core))
        turning = transpose(rotation_vector_slopes(left.missed_rad))
        for tracker, joint in enumerate(self.joints):
            misses[:, tracker, :3, 0] = positions[:, joint] - unknowns.roots
            for ancestor in CHAINS[joint]:
                if IS_ARM[ancestor]:
                    misses[:, tracker, :3, 1] += (
                        positions[:, ancestor] - positions[:, UPPER_PARENTS[ancestor]])
            lever = SIZES + 3 * tracker
            misses[:, tracker, :3, lever:lever + 3] = -self.frames.rotations[:, tracker]
            turn = lever + 3 * trackers
            misses[:, tracker, 3:, turn:turn + 3] = -turning[:, tracker]
        misses *= self._weights()[..., None]
        postures = np.zeros((frames, POSTURE_SIZE, self.core))
        scale = np.exp(unknowns.log_scale)
        postures[:, 2, 0] = -(unknowns.roots[:, 2] - unknowns.floor_m) / scale
        postures[:, 2, 2] = -1.0 / scale
        return misses.reshape(frames, 6 * trackers, self.core), postures

    def _prior_slopes(self, left: Residuals) -> np.ndarray:
        trackers = len(self.joints)
        slopes = np.diag(1.0 / np.concatenate((
            (LOG_SCALE_STD, ARM_SCALE_STD, self.typical.floor_std_m),
            np.full(3 * trackers, LEVER_STD_M), np.full(3 * trackers, TURN_STD_RAD))))
        for tracker, turning in enumerate(rotation_vector_slopes(left.turned)):
            own = slice(SIZES + 3 * (trackers + tracker), SIZES + 3 * (trackers + tracker) + 3)
            slopes[own, own] = turning / TURN_STD_RAD
        return slopes
