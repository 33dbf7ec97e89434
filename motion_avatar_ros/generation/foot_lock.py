# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Feet that stay where they stand while a motion passes into another.

A foot that stands in the motion to show keeps the place where it came to stand, whatever the
blend does with the body over it. Once it is lifted what it was off by fades, in the air. A foot
that is to stand elsewhere, or would have to stay too far from where the motion has it, takes a
step there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.body.easing import ease
from motion_avatar_ros.body.foot_placing import lowered, with_feet
from motion_avatar_ros.body.footsteps import BALL_HEIGHT_M
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.generation.landing import FootMove
from motion_avatar_ros.generation.standing_feet import feet_of

_LOWEST_M = 0.5 * BALL_HEIGHT_M     # no foot goes farther into the floor
_FARTHEST_M = 0.14      # that a foot stays away from where the motion has it
_STEP_S = 0.35
_STEP_HEIGHT, _HIGHEST_STEP_M = 0.5, 0.05    # of a step, as a share of its length, and at most


def locked(
    poses: BodyPose, stands: np.ndarray, stood: np.ndarray, rate_hz: float,
    moves: Sequence[FootMove | None] = (None, None),
) -> tuple[BodyPose, int]:
    """
    Return T poses whose standing feet stay.

    Args:
        poses: of the blend; the first is shown already and stays.
        stands: (T, 2) which feet stand in the motion that is blended in.
        stood: (2,) which stood in the one before, up to the first pose.
        rate_hz: frames per second.
        moves: what the left and right foot do first, if anything.

    Returns:
        The poses, and how many steps beside the moves had to be taken.
    """
    places = feet_of(poses)
    off = np.zeros_like(places.balls)
    steps = 0
    for foot, move in enumerate(moves):
        off[:, foot], taken = _kept_off(
            places.balls[:, foot], stands[:, foot], bool(stood[foot]), rate_hz, move)
        steps += taken
    balls = places.balls + off
    balls[1:, :, 2] = np.maximum(balls[1:, :, 2], _LOWEST_M)
    return with_feet(lowered(poses, balls, places.turns, rate_hz), balls, places.turns), steps


def _kept_off(
    ball: np.ndarray, stands: np.ndarray, stood: bool, rate_hz: float, move: FootMove | None
) -> tuple[np.ndarray, int]:
    """Return how far (T, 3) [m] a foot is kept off where it would be, and its extra steps."""
    off = np.zeros_like(ball)
    begin = 1
    place = ball[0] if stood and stands[0] else None
    if move is not None:
        begin = min(1 + round((move.start_s + move.duration_s) * rate_hz), len(ball))
        off[:begin] = move.at(np.arange(begin) / rate_hz)[0] - ball[:begin]
        place = move.end
    from_off, since, is_stepping, steps = np.zeros(2), -len(ball), False, 0
    for frame in range(begin, len(ball)):
        share = min((frame - since) / (rate_hz * _STEP_S), 1.0)
        is_stepping &= share < 1.0
        if stands[frame] and not is_stepping:
            if place is None:
                place = ball[frame] + off[frame - 1]
            off[frame, :2] = (place - ball[frame])[:2]
            if np.linalg.norm(off[frame, :2]) <= _FARTHEST_M:
                continue
            is_stepping, steps = True, steps + 1
        if place is not None:
            place, from_off, since = None, off[frame - 1, :2], frame - 1
            share = 1.0 / (rate_hz * _STEP_S)
        off[frame, :2] = from_off * (1.0 - ease(np.array(share)))
        height = min(_STEP_HEIGHT * float(np.linalg.norm(from_off)), _HIGHEST_STEP_M)
        off[frame, 2] = height * 16.0 * (share * (1.0 - share)) ** 2
    return off, steps
