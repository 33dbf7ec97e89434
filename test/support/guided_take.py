# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Takes of a guided calibration, and the same takes by another operator or in another room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.spatial.transform import Rotation
from worn_devices import Wearer, as_frames, device_poses

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.trackers.calibration import CalibrationTake, TakeStep, TrackerOffset
from motion_avatar_ros.trackers.calibration_guide import CalibrationGuide
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

RATE_HZ = 30.0


@lru_cache(maxsize=4)
def guided_take(
    names: tuple[str, ...] = TRACKER_NAMES, rate_hz: float = RATE_HZ
) -> CalibrationTake:
    """Return what a guide records of the model's body with its devices at the joints."""
    guide = CalibrationGuide(names, rate_hz)
    poses = device_poses(builtin_motion('calibration', rate_hz), Wearer(), names)
    for frames in as_frames(*poses, rate_hz=rate_hz):
        guide.update(frames)
    return guide.take()


def changed(
    take: CalibrationTake, change: Callable[[str, np.ndarray, np.ndarray], object]
) -> CalibrationTake:
    """Return a take after `change(step, rotations, positions)` on copies, in place."""
    steps = {}
    for name, step in take.steps.items():
        copy = TakeStep(step.rotations.copy(), step.positions.copy())
        change(name, copy.rotations, copy.positions)
        steps[name] = copy
    return replace(take, steps=steps)


def worn_by_another(
    take: CalibrationTake, scale: float, levers: np.ndarray, turns: np.ndarray
) -> CalibrationTake:
    """
    Return a take of devices at the joints, by somebody of another size who wears them otherwise.

    Args:
        take: the take.
        scale: size relative to the one who did it.
        levers, turns: (N, 3) [m] and (N, 3, 3) joints in their devices' frames, SMPL body axes.
    """
    def wear(_: str, rotations: np.ndarray, positions: np.ndarray) -> None:
        rotations[:] = rotations @ turns.swapaxes(-1, -2)
        positions[:] = scale * positions - np.einsum('tnij,nj->tni', rotations, levers)
    return changed(take, wear)


def in_another_room(
    take: CalibrationTake, yaw_rad: float = 0.0, place_m: Sequence[float] = (0.0, 0.0, 0.0)
) -> CalibrationTake:
    """Return a take in a fixed frame that is turned and shifted."""
    turn = Rotation.from_euler('z', yaw_rad).as_matrix()

    def move(_: str, rotations: np.ndarray, positions: np.ndarray) -> None:
        rotations[:] = turn @ rotations
        positions[:] = positions @ turn.T + place_m
    return changed(take, move)


def levers_and_turns(
    offsets: dict[str, TrackerOffset], names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return offsets as levers (N, 3) [m] and turns (N, 3, 3) in SMPL body axes."""
    turns = Rotation.from_quat([offsets[name].quaternion_xyzw for name in names]).as_matrix()
    return (np.array([offsets[name].position_m for name in names]) @ ROS_FROM_SMPL,
            ROS_FROM_SMPL.T @ turns @ ROS_FROM_SMPL)


def tracker_offsets(
    levers: np.ndarray, turns: np.ndarray, names: Sequence[str]
) -> dict[str, TrackerOffset]:
    """Return levers and turns in SMPL body axes as offsets."""
    quaternions = Rotation.from_matrix(ROS_FROM_SMPL @ turns @ ROS_FROM_SMPL.T).as_quat()
    return {name: TrackerOffset(tuple(position), tuple(quaternion))
            for name, position, quaternion in zip(
                names, (levers @ ROS_FROM_SMPL.T).tolist(), quaternions.tolist(), strict=True)}
