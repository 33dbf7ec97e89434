# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How trackers are worn on the feet: from where feet are while somebody stands.

Nobody is asked to move the feet, so their joints are taken to be below the pelvis, flat and
straight ahead, as they are on average; the scatter about that is the result's.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, matrix_from_axis_angle, rotation_about_z, transpose,
)
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, CalibrationTake, TrackerFit,
)
from motion_avatar_ros.trackers.calibration_body import Unknowns
from motion_avatar_ros.trackers.calibration_problem import TakeFrames
from motion_avatar_ros.trackers.heading import heading_angles

#: The foot joints of standing people: ahead of the pelvis, to the left of it, above the floor
#: [m], at the model's size; how far people differ, per axis.
_STANDING_M = {'left_foot': (0.02, 0.08, 0.027), 'right_foot': (0.02, -0.08, 0.027)}
_STANDING_STD_M, _STANDING_STD_RAD = 0.04, np.radians(10.0)
_STANDING_STEPS = ('t_pose', 'arms_down')


def foot_offsets(
    take: CalibrationTake, unknowns: Unknowns, frames: TakeFrames
) -> dict[str, tuple[np.ndarray, np.ndarray, TrackerFit]]:
    """
    Return lever (3,) [m], turn (3, 3) and fit of the trackers on feet, by name.

    Args:
        take: the whole take.
        unknowns: what was found of the rest of the body in the frames.
        frames: the frames of the take that it was found in.
    """
    return {name: _offset(take, name, unknowns, frames)
            for name in take.tracker_names if name in _STANDING_M}


def _offset(
    take: CalibrationTake, name: str, unknowns: Unknowns, frames: TakeFrames
) -> tuple[np.ndarray, np.ndarray, TrackerFit]:
    slot = take.tracker_names.index(name)
    scale = np.exp(unknowns.log_scale)
    levers, turns = [], []
    for step in _STANDING_STEPS:
        here = frames.steps == CALIBRATION_STEPS.index(step)
        headings = heading_angles(unknowns.rotations[here, 0])
        facing = rotation_about_z(np.asarray(np.arctan2(
            np.sin(headings).mean(), np.cos(headings).mean())))
        joint = unknowns.roots[here].mean(axis=0) * (1.0, 1.0, 0.0) + (
            facing @ (scale * np.array(_STANDING_M[name])) + (0.0, 0.0, unknowns.floor_m))
        device = take.steps[step].rotations[:, slot], take.steps[step].positions[:, slot]
        levers.append((transpose(device[0]) @ (joint - device[1])[..., None])[..., 0])
        turns.append(transpose(device[0]) @ facing @ ROS_FROM_SMPL)
    all_levers, all_turns = np.concatenate(levers), np.concatenate(turns)
    middle = all_turns[0] @ matrix_from_axis_angle(
        axis_angle_from_matrix(all_turns[0].T @ all_turns).mean(axis=0))
    lever = all_levers.mean(axis=0)
    left_m = np.linalg.norm(all_levers - lever, axis=-1)
    left_rad = np.linalg.norm(axis_angle_from_matrix(middle.T @ all_turns), axis=-1)
    return lever, middle, TrackerFit(
        float(np.sqrt((left_m ** 2).mean())), float(np.sqrt((left_rad ** 2).mean())),
        _STANDING_STD_M * np.sqrt(3.0), _STANDING_STD_RAD * np.sqrt(3.0))
