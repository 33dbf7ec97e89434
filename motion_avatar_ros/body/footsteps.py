# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Feet that follow a path on the ground step by step and stand still in between.

A foot is described by the ball (the skeleton's foot joint) and the pitch of its sole. Through
a stance the ball stays where it is, except while the sole comes down on the heel; the pitch
goes from toes-up at the strike over flat to heel-up at the lift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.easing import ease, glide
from motion_avatar_ros.body.euler import rotation_about
from motion_avatar_ros.body.rotations import apply
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M

#: Height of the ball joint above the floor in a flat stance; the flesh below it.
BALL_HEIGHT_M = 0.03
_HEEL_BEHIND_ANKLE_M = 0.05
_TOES_OUT_RAD = np.radians(4.0)
_STRIDE_OF_FULL_ROLL_M = 1.2  # shorter strides roll the foot less
_LEAST_ROLL = 0.12
_LIFT_PITCH_RAD = np.radians(62.0)
_STRIKE_PITCH_RAD = np.radians(17.0)
_PAUSE_S = 1.0  # a foot that stays longer than this stands where the body comes to rest
_SOLE_DOWN_S, _HEEL_UP_S = 0.14, 0.42
_SWING_CLEARANCE_M, _STEP_CLEARANCE_M = 0.095, 0.055

#: Ankle to ball, left and right (2, 3), ROS body axes, foot flat.
ANKLE_TO_BALL_M = np.stack([
    ROS_FROM_SMPL @ REST_OFFSETS_M[JOINT_INDEX[f'{side}_foot']] for side in ('left', 'right')])


@dataclass(frozen=True)
class Step:
    """One swing of one foot: side 0 is left, 1 right."""

    side: int
    lift_s: float
    land_s: float


class GroundPath:
    """Where the body is on the floor and where it faces, at any time; ends are held."""

    def __init__(self, times_s: np.ndarray, ground: np.ndarray):
        """Take dense samples `ground` (T, 3): x, y [m] and unwrapped heading [rad]."""
        self._times_s = times_s
        self._ground = ground
        self._rates = np.gradient(ground, times_s, axis=0)

    def at(self, times_s: np.ndarray | float) -> np.ndarray:
        """Return x, y, heading (..., 3)."""
        return self._interpolated(self._ground, times_s)

    def rate_at(self, times_s: np.ndarray | float) -> np.ndarray:
        """Return velocity x, y [m/s] and turn rate [rad/s], (..., 3)."""
        return self._interpolated(self._rates, times_s)

    def _interpolated(self, samples: np.ndarray, times_s: np.ndarray | float) -> np.ndarray:
        return np.stack([
            np.interp(times_s, self._times_s, column) for column in samples.T], axis=-1)


@dataclass(frozen=True)
class FootTrack:
    """
    One foot over time.

    Attributes:
        ankle: (T, 3) [m] in the world.
        rotation: (T, 3, 3) of the foot in the world, ROS body axes.
        toe_bend_rad: (T) extension of the toes.
        yaw_rad: (T) heading of the foot.
    """

    ankle: np.ndarray
    rotation: np.ndarray
    toe_bend_rad: np.ndarray
    yaw_rad: np.ndarray


def foot_track(
    times_s: np.ndarray,
    side: int,
    steps: list[Step],
    path: GroundPath,
    ankle_offset_m: np.ndarray,
    stepping_offset_m: np.ndarray,
) -> FootTrack:
    """
    Lead one foot along the path.

    Args:
        times_s: (T) instants.
        side: 0 left, 1 right.
        steps: all steps of both feet, in order of time.
        path: of the body.
        ankle_offset_m: (2,) ankle relative to the body, ahead and outwards, when standing.
        stepping_offset_m: the same in the midst of a stance between two steps.
    """
    own = [step for step in steps if step.side == side]
    middles, offsets = [times_s[0]], [ankle_offset_m]
    next_lifts_s = [*(step.lift_s for step in own[1:]), np.inf]
    for step, next_lift_s in zip(own, next_lifts_s):
        pauses = next_lift_s - step.land_s > _PAUSE_S
        middles.append(step.land_s + _PAUSE_S if pauses else 0.5 * (step.land_s + next_lift_s))
        offsets.append(ankle_offset_m if pauses else stepping_offset_m)
    outwards = 1.0 - 2.0 * side
    stances = path.at(np.array(middles))  # (n + 1, 3)
    local = np.array([(ahead, outwards * out, 0.0) for ahead, out in offsets])
    local += ANKLE_TO_BALL_M[side] * [1.0, 1.0, 0.0]
    balls = stances * [1.0, 1.0, 0.0] + apply(rotation_about('z', stances[:, 2]), local)
    balls[:, 2] = BALL_HEIGHT_M
    yaws = stances[:, 2] + outwards * _TOES_OUT_RAD

    ball, yaw = np.tile(balls[0], (len(times_s), 1)), np.full(len(times_s), yaws[0])
    pitch, toe_bend = np.zeros(len(times_s)), np.zeros(len(times_s))
    for index, step in enumerate(own):
        move, turn = balls[index + 1] - balls[index], yaws[index + 1] - yaws[index]
        roll = np.clip(np.linalg.norm(move) / _STRIDE_OF_FULL_ROLL_M, _LEAST_ROLL, 1.0)
        swing = (times_s - step.lift_s) / (step.land_s - step.lift_s)
        gone = glide(swing, 0.4)
        # Along an arc, not its chord, so that in a bend the foot keeps clear of the other.
        ball += gone[:, None] * move + (0.5 * turn * gone * (1.0 - gone))[:, None] * [
            move[1], -move[0], 0.0]
        yaw += ease(swing) * turn
        ball[:, 2] += _clearance_m(swing, roll)
        lift = roll * _LIFT_PITCH_RAD * ease((times_s - step.lift_s) / _HEEL_UP_S + 1.0)
        drop = ease(np.clip(swing / 0.8, 0.0, 1.0))
        strike = roll * _STRIKE_PITCH_RAD * (
            1.0 - ease((times_s - step.land_s) / _SOLE_DOWN_S))
        pitch += lift * (1.0 - drop) - strike * drop
        toe_bend += 0.6 * lift * (1.0 - ease(swing / 0.4))

    rotation = rotation_about('z', yaw) @ rotation_about('y', pitch)
    ball += _heel_pivot(rotation_about('z', yaw), rotation_about('y', np.minimum(pitch, 0.0)),
                        side)
    ankle = ball - rotation @ ANKLE_TO_BALL_M[side]
    return FootTrack(ankle, rotation, toe_bend, yaw)


def _clearance_m(swing: np.ndarray, roll: float) -> np.ndarray:
    """Return the ball's height over its stance (T) [m]: highest early in the swing."""
    x = np.clip(swing, 0.0, 1.0)
    height = _STEP_CLEARANCE_M + roll * (_SWING_CLEARANCE_M - _STEP_CLEARANCE_M)
    return height * x * x * (1.0 - x) ** 3 / (0.4**2 * 0.6**3)


def _heel_pivot(heading: np.ndarray, toes_up: np.ndarray, side: int) -> np.ndarray:
    """Return the ball's displacement (T, 3) when the sole turns about the heel."""
    heel_to_ball = ANKLE_TO_BALL_M[side] + [_HEEL_BEHIND_ANKLE_M, 0.0, 0.0]
    heel_to_ball[2] = BALL_HEIGHT_M
    return apply(heading, toes_up @ heel_to_ball - heel_to_ball)
