# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Feet put where they are to be, by bending and turning the legs; the rest of the body stays.

A foot is told by its ball, the skeleton's foot joint, and its turn. A leg that is where it is
asked to be is not touched, however straight it is; asked for more than it has it stretches ever
less, as `limb_ik` has it.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.limb_ik import LIMBS, bend, lengths, softly_limited
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import apply, transpose
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M

_LEGS = ('left_foot', 'right_foot')
#: Joints of the left and right foot: the ankle with the sole, and the ball about which toes bend.
ANKLES = (JOINT_INDEX['left_ankle'], JOINT_INDEX['right_ankle'])
BALLS = (JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot'])

_ANKLE_TO_BALL_M = REST_OFFSETS_M[list(BALLS)]
_STRAIGHTEST = 0.9995   # of the stretched leg: at 1 the knee's speed has no bound
_EASY = 0.985           # that a leg is asked for at most where the pelvis may go down instead
_LOWEST_M = 0.07        # by which the pelvis goes down at most
_SOFTLY_S = 0.1


def with_feet(pose: BodyPose, balls: np.ndarray, turns: np.ndarray) -> BodyPose:
    """
    Return poses whose feet are at places.

    Args:
        pose: (..., 22, 3, 3) and (..., 3).
        balls: (..., 2, 3) [m] where the balls of the left and right foot shall be, in the world.
        turns: (..., 2, 3, 3) rotations of the feet in the world, SMPL body axes.
    """
    rotations, positions = pose.global_joints()
    ankles = balls - apply(turns, _ANKLE_TO_BALL_M)
    roots = [LIMBS[name][1] for name in _LEGS]
    own_m, stretched_m = lengths(_LEGS, positions)
    asked_m = np.linalg.norm(ankles - positions[..., roots, :], axis=-1)
    more_m = stretched_m * (
        softly_limited(_LEGS, asked_m / stretched_m)
        - softly_limited(_LEGS, own_m / stretched_m))
    most_m = np.maximum(_STRAIGHTEST * stretched_m, own_m)
    upper, lower = bend(
        _LEGS, rotations, positions, ankles, np.minimum(own_m + more_m, most_m))
    local = pose.local_rotations.copy()
    for leg, name in enumerate(_LEGS):
        base, root, middle, end = LIMBS[name]
        local[..., root, :, :] = transpose(rotations[..., base, :, :]) @ upper[..., leg, :, :]
        local[..., middle, :, :] = transpose(upper[..., leg, :, :]) @ lower[..., leg, :, :]
        local[..., end, :, :] = transpose(lower[..., leg, :, :]) @ turns[..., leg, :, :]
    return BodyPose(local, pose.root_position)


def lowered(poses: BodyPose, balls: np.ndarray, turns: np.ndarray, rate_hz: float) -> BodyPose:
    """
    Return T poses let down softly around instants when a leg would be too short for its foot.

    Args:
        poses: a motion; its first frame stays where it is.
        balls, turns: (T, 2, 3) and (T, 2, 3, 3), as for `with_feet`.
        rate_hz: frames per second.
    """
    _, positions = poses.global_joints()
    hips = positions[:, [LIMBS[name][1] for name in _LEGS]]
    ankles = balls - apply(turns, _ANKLE_TO_BALL_M)
    own_m, stretched_m = lengths(_LEGS, positions)
    reach_m = np.maximum(_EASY * stretched_m, own_m)
    aside_m = np.minimum(np.linalg.norm((hips - ankles)[..., :2], axis=-1), reach_m)
    highest = ankles[..., 2] + np.sqrt(reach_m ** 2 - aside_m ** 2)
    missing = np.clip(hips[..., 2] - highest, 0.0, _LOWEST_M).max(axis=1)
    if not missing.any():
        return poses
    # Widened by as much as the kernel is wide, the smoothed lowering nowhere falls short.
    reach = max(1, round(_SOFTLY_S * rate_hz))
    widened = np.pad(missing, 2 * reach, mode='edge')
    widened = np.lib.stride_tricks.sliding_window_view(widened, 2 * reach + 1).max(axis=1)
    kernel = np.hanning(2 * reach + 3)[1:-1]
    lowering = np.convolve(widened, kernel / kernel.sum(), mode='valid')
    lowering *= np.clip(np.arange(len(lowering)) / (2.0 * reach), 0.0, 1.0)
    return BodyPose(
        poses.local_rotations, poses.root_position - lowering[:, None] * [0.0, 0.0, 1.0])
