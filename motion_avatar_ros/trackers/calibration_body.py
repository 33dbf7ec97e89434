# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The upper body in a calibration take: what is unknown of it, and where that puts its joints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_NAMES, PARENTS, REST_OFFSETS_M
from motion_avatar_ros.trackers.calibration_prior import UPPER_BODY

#: Parent of each joint of UPPER_BODY, as an index into it.
UPPER_PARENTS = (-1, *(UPPER_BODY.index(PARENTS[joint]) for joint in UPPER_BODY[1:]))
#: Joints of UPPER_BODY on the way from the root to each, itself included.
CHAINS: tuple[tuple[int, ...], ...] = ()
for _slot, _parent in enumerate(UPPER_PARENTS):
    CHAINS += ((*(CHAINS[_parent] if _slot else ()), _slot),)
#: Whether the bone from the parent to a joint of UPPER_BODY is one of the arm's length.
IS_ARM = np.array([JOINT_NAMES[joint].endswith(('elbow', 'wrist')) for joint in UPPER_BODY])

_OFFSETS_M = REST_OFFSETS_M[list(UPPER_BODY)]
#: Unknowns that all frames share, before the offsets of the trackers.
SIZES = 3


@dataclass(frozen=True)
class Unknowns:
    """
    What a calibration estimates, of F frames, N trackers and S steps.

    Attributes:
        rotations: (F, 14, 3, 3) local rotations of UPPER_BODY, the pelvis's in the world.
        roots: (F, 3) of the pelvis joint [m] in the fixed frame.
        log_scale, log_arm_scale: sizes of the body, and of its arms in addition.
        floor_m: height of the floor in the fixed frame.
        levers: (N, 3) of the joints in their devices' frames [m], SMPL body axes.
        turns: (N, 3, 3) rotations of the joints in their devices' frames, SMPL body axes.
        habits: (S, 45) what is this person's own in the posture of each step.
    """

    rotations: np.ndarray
    roots: np.ndarray
    log_scale: float
    log_arm_scale: float
    floor_m: float
    levers: np.ndarray
    turns: np.ndarray
    habits: np.ndarray

    @property
    def offsets_m(self) -> np.ndarray:
        """Bone offsets (14, 3) of UPPER_BODY [m]."""
        arms = np.where(IS_ARM, np.exp(self.log_arm_scale), 1.0)
        return _OFFSETS_M * np.exp(self.log_scale) * arms[:, None]

    def joints(self) -> tuple[np.ndarray, np.ndarray]:
        """Return global rotations (F, 14, 3, 3) and positions (F, 14, 3) [m]."""
        rotations, positions = [self.rotations[:, 0]], [self.roots]
        offsets_m = self.offsets_m
        for slot in range(1, len(UPPER_BODY)):
            parent = UPPER_PARENTS[slot]
            positions.append(positions[parent] + rotations[parent] @ offsets_m[slot])
            rotations.append(rotations[parent] @ self.rotations[:, slot])
        return np.stack(rotations, axis=1), np.stack(positions, axis=1)

    def moved(self, pose_step: np.ndarray, core_step: np.ndarray, habits: np.ndarray) -> Unknowns:
        """
        Return the unknowns after a step.

        Args:
            pose_step: (F, 45) of the roots [m], then of the rotations in their own axes [rad].
            core_step: (3 + 6 N) of the three sizes, the levers [m], the turns [rad].
            habits: (S, 45) to add.
        """
        trackers = len(self.levers)
        levers, turns = np.split(core_step[SIZES:].reshape(2 * trackers, 3), 2)
        turned = pose_step[:, 3:].reshape(len(pose_step), -1, 3)
        return Unknowns(
            self.rotations @ matrix_from_axis_angle(turned), self.roots + pose_step[:, :3],
            self.log_scale + core_step[0], self.log_arm_scale + core_step[1],
            self.floor_m + core_step[2], self.levers + levers,
            self.turns @ matrix_from_axis_angle(turns), self.habits + habits)

    def core_since(self, before: Unknowns) -> np.ndarray:
        """Return the core step (3 + 6 N) that leads here."""
        return np.concatenate((
            (self.log_scale - before.log_scale, self.log_arm_scale - before.log_arm_scale,
             self.floor_m - before.floor_m),
            (self.levers - before.levers).ravel(),
            axis_angle_from_matrix(before.turns.swapaxes(-1, -2) @ self.turns).ravel()))


def cross_matrix(vectors: np.ndarray) -> np.ndarray:
    """Return the matrices (..., 3, 3) of the cross product with (..., 3)."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    return np.stack((
        np.stack((zero, -z, y), axis=-1), np.stack((z, zero, -x), axis=-1),
        np.stack((-y, x, zero), axis=-1)), axis=-2)


def rotation_vector_slopes(vectors: np.ndarray) -> np.ndarray:
    """
    Return the inverse right Jacobians (..., 3, 3) of rotation vectors (..., 3).

    log(exp(v) exp(d)) = v + J d for small d; the transpose serves log(exp(d) exp(v)).
    """
    angle = np.linalg.norm(vectors, axis=-1)
    safe = np.maximum(angle, 1e-4)
    square = 1.0 / safe ** 2 - (1.0 + np.cos(safe)) / (
        2.0 * safe * np.maximum(np.sin(safe), 1e-6))
    cross = cross_matrix(vectors)
    return np.eye(3) + 0.5 * cross + np.where(
        angle < 1e-3, 1.0 / 12.0, square)[..., None, None] * (cross @ cross)
