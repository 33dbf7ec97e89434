# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Holds of recorded people, brought to what an operator is asked for.

Nobody in recorded motion was asked to calibrate: their heads and hands stray by up to 20 degrees
from a T-pose, and an offset of the tracker cannot be told from that. Here only the mean over a
hold is mended, of head, arms and hands; trunk, sway and timing stay the person's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    matrix_from_axis_angle, rotation_about_z, transpose,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX
from motion_avatar_ros.trackers.calibration_prior import UPPER_BODY, load_priors
from motion_avatar_ros.training.calibration_frames import middle_rotation
from motion_avatar_ros.training.calibration_instruction import LEVEL_HEAD

_ARM = ('collar', 'shoulder', 'elbow', 'wrist')


def holds_as_asked(
    steps: Mapping[str, BodyPose], rng: np.random.Generator, strays_rad: float = 0.0
) -> dict[str, BodyPose]:
    """
    Return a take in which the person holds what is asked for.

    The T-pose is that of the person who stands with the arms down, the arms raised.

    Args:
        steps: poses by step.
        rng: of how the person strays from what is asked.
        strays_rad: standard deviation of that, per axis, of the head, and of each hand
            evenly from shoulder, elbow and wrist.
    """
    def stray(share: float = 1.0) -> np.ndarray:
        return matrix_from_axis_angle(share * strays_rad * rng.standard_normal(3))

    standing = _with_head(steps['arms_down'], LEVEL_HEAD @ stray())
    raised = _with_arms(standing, lambda: stray(1.0 / np.sqrt(3.0)))
    return {**steps, 'arms_down': standing, 't_pose': _with_head(raised, LEVEL_HEAD @ stray())}


def _facing(poses: BodyPose) -> np.ndarray:
    """Return the rotation (3, 3) of an upright body that faces where the shoulders do."""
    positions = poses.global_joints()[1]
    left, right = (positions[:, JOINT_INDEX[f'{side}_shoulder']] for side in ('left', 'right'))
    across = left - right
    sideways = (across / np.linalg.norm(across, axis=-1, keepdims=True)).mean(axis=0)
    yaw = np.arctan2(sideways[1], sideways[0]) - np.pi / 2.0
    return rotation_about_z(np.asarray(yaw)) @ ROS_FROM_SMPL


def _with_head(poses: BodyPose, asked: np.ndarray) -> BodyPose:
    """Return poses whose mean head is turned as asked (3, 3), from where the shoulders face."""
    facing, rotations = _facing(poses), poses.global_joints()[0]
    heads = transpose(facing) @ rotations[:, HEAD]
    local_rotations = poses.local_rotations.copy()
    local_rotations[:, HEAD] = transpose(rotations[:, JOINT_INDEX['neck']]) @ (
        facing @ asked @ middle_rotation(heads).T @ heads)
    return BodyPose(local_rotations, poses.root_position)


def _with_arms(poses: BodyPose, stray: Callable[[], np.ndarray]) -> BodyPose:
    """Return poses whose arms are level, palms down, and move with the chest."""
    asked = load_priors()['t_pose'].rotations
    chest_of_prior = np.linalg.multi_dot(asked[:4])  # of a body that faces along x
    facing, rotations = _facing(poses), poses.global_joints()[0]
    chest = middle_rotation(rotations[:, JOINT_INDEX['spine3']])
    local_rotations = poses.local_rotations.copy()
    for side in ('left', 'right'):
        joints = [JOINT_INDEX[f'{side}_{name}'] for name in _ARM]
        collar, shoulder, elbow, wrist = (asked[UPPER_BODY.index(joint)] for joint in joints)
        upper_arm = facing @ ROS_FROM_SMPL.T @ chest_of_prior @ collar @ shoulder
        held = (collar, transpose(chest @ collar) @ upper_arm @ stray(), elbow @ stray(),
                wrist @ stray())
        local_rotations[:, joints] = np.stack(held)
    return BodyPose(local_rotations, poses.root_position)
