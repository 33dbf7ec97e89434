# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Feet that stay where they stand while a motion passes into another.

A foot that stands in the motion to show keeps the place where it came to stand, whatever the
blend does with the body over it. Once it is lifted what it was off by fades, in the air. A foot
that would have to stay too far from where the motion has it takes a small step there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.foot_placing import ANKLES, BALLS, with_feet
from motion_avatar_ros.body.footsteps import BALL_HEIGHT_M
from motion_avatar_ros.body.pose import BodyPose

#: Height of a standing ball over its place on a flat sole, and its speed, when it comes to stand
#: and when it is lifted.
_STANDS_M, _LEAVES_M = 0.04, 0.07
_STANDS_M_S, _LEAVES_M_S = 0.2, 0.45
_LOWEST_M = 0.5 * BALL_HEIGHT_M     # no foot goes farther into the floor
_FARTHEST_M = 0.14      # that a foot stays away from where the motion has it
_STEP_S = 0.35
_STEP_HEIGHT, _HIGHEST_STEP_M = 0.5, 0.05    # of a step, as a share of its length, and at most


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


def locked(
    poses: BodyPose, stands: np.ndarray, stood: np.ndarray, rate_hz: float
) -> tuple[BodyPose, int]:
    """
    Return T poses whose standing feet stay.

    Args:
        poses: of the blend; the first is shown already and stays.
        stands: (T, 2) which feet stand in the motion that is blended in.
        stood: (2,) which stood in the one before, up to the first pose.
        rate_hz: frames per second.

    Returns:
        The poses, and how many steps had to be taken.
    """
    places = feet_of(poses)
    off = np.zeros_like(places.balls)
    steps = 0
    for foot in range(2):
        off[:, foot], taken = _kept_off(
            places.balls[:, foot], stands[:, foot], bool(stood[foot]), rate_hz)
        steps += taken
    balls = places.balls + off
    balls[1:, :, 2] = np.maximum(balls[1:, :, 2], _LOWEST_M)
    return with_feet(poses, balls, places.turns), steps


def _kept_off(
    ball: np.ndarray, stands: np.ndarray, stood: bool, rate_hz: float
) -> tuple[np.ndarray, int]:
    """Return how far (T, 3) [m] a foot is kept off where it would be, and its extra steps."""
    off = np.zeros_like(ball)
    place = ball[0] if stood and stands[0] else None
    from_off, since, is_stepping, steps = np.zeros(2), len(ball), False, 0
    for frame in range(1, len(ball)):
        share = 1.0 if since >= len(ball) else min(
            (frame - since) / (rate_hz * _STEP_S), 1.0)
        is_stepping &= share < 1.0
        if stands[frame] and not is_stepping:
            if place is None:
                place = ball[frame] + off[frame - 1]
            off[frame, :2] = (place - ball[frame])[:2]
            if np.linalg.norm(off[frame, :2]) <= _FARTHEST_M:
                continue
            is_stepping, steps = True, steps + 1
            off[frame] = off[frame - 1]
        if place is not None:
            place, from_off, since = None, off[frame - 1, :2], frame - 1
            share = 1.0 / (rate_hz * _STEP_S)
        off[frame, :2] = from_off * (1.0 - share ** 3 * (10.0 + share * (6.0 * share - 15.0)))
        height = min(_STEP_HEIGHT * float(np.linalg.norm(from_off)), _HIGHEST_STEP_M)
        off[frame, 2] = height * 16.0 * (share * (1.0 - share)) ** 2
    return off, steps
