# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where feet are, and which of them stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.foot_placing import ANKLES, BALLS
from motion_avatar_ros.body.footsteps import BALL_HEIGHT_M
from motion_avatar_ros.body.pose import BodyPose

#: Height of a standing ball over its place on a flat sole, and its speed, when it comes to stand
#: and when it is lifted.
_STANDS_M, _LEAVES_M = 0.04, 0.07
_STANDS_M_S, _LEAVES_M_S = 0.35, 0.6


@dataclass(frozen=True)
class FeetPlaces:
    """
    Where the balls of the left and right foot are, (T, 2, 3) [m], and their turns (T, 2, 3, 3).

    In the world, whose floor is at z = 0.
    """

    balls: np.ndarray
    turns: np.ndarray


def feet_of(poses: BodyPose) -> FeetPlaces:
    """Return where the feet of poses are."""
    rotations, positions = poses.global_joints()
    return FeetPlaces(positions[..., BALLS, :], rotations[..., ANKLES, :, :])


def standing_feet(balls: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return which of the balls (T, 2, 3) [m] stand, (T, 2): low, and slow since the last."""
    steps = np.diff(balls[..., :2], axis=0)
    speeds = np.linalg.norm(np.concatenate((steps[:1], steps)), axis=-1) * rate_hz
    heights = balls[..., 2] - BALL_HEIGHT_M
    stands = np.zeros(speeds.shape, dtype=bool)
    now = np.zeros(speeds.shape[1], dtype=bool)
    for frame, (height, speed) in enumerate(zip(heights, speeds, strict=True)):
        lowest = np.where(now, _LEAVES_M, _STANDS_M)
        slowest = np.where(now, _LEAVES_M_S, _STANDS_M_S)
        now = (height < lowest) & (speed < slowest)
        stands[frame] = now
    return stands
