# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where and when feet come down when somebody stops."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from motion_avatar_ros.body.axes import smpl_global_rotations
from motion_avatar_ros.body.easing import ease
from motion_avatar_ros.body.footsteps import BALL_HEIGHT_M
from motion_avatar_ros.body.rotations import rotation_about_z, slerp
from motion_avatar_ros.generation.pose_offset import faded
from motion_avatar_ros.generation.standing_feet import FeetPlaces

_LATERAL_M = 0.11               # of a ball, from the middle
_TOES_OUT_RAD = np.radians(4.0)
_NARROWEST_M, _WIDEST_M, _LONGEST_M = 0.1, 0.42, 0.16   # of feet that stand beside each other
_LANDING_S, _STEP_S, _PAUSE_S = 0.3, 0.5, 0.05
_LOOK_AHEAD_S = 0.25            # of the way that a body goes on before its foot lands
_STRIDE_M = 0.8                 # farthest from the other foot that one lands
_CLEARANCE_OF_WAY, _LEAST_CLEARANCE_M, _CLEARANCE_M = 0.25, 0.02, 0.07
_FLAT_S = 0.4
_STAYS_M, _QUICK_S = 0.08, 0.3  # of feet on the way into another motion
_OWN_WAY = 0.4                  # of the way at its speed that a foot goes while it lands
_FASTEST_M_S = 2.0              # of a foot in the air, as its landing takes it on


@dataclass(frozen=True)
class FootMove:
    """
    One foot, from where it is to where it stands.

    Attributes:
        begin, end: (3,) [m] of the ball.
        speed: (3,) [m/s] with which it begins.
        begin_turn, end_turn: (3, 3), in the world.
        start_s, duration_s: when it moves, 0 for a foot that stays where it is.
        height_m: of a step.
    """

    begin: np.ndarray
    end: np.ndarray
    begin_turn: np.ndarray
    end_turn: np.ndarray
    speed: np.ndarray = field(default_factory=lambda: np.zeros(3))
    start_s: float = 0.0
    duration_s: float = 0.0
    height_m: float = 0.0

    @classmethod
    def still(cls, ball: np.ndarray, turn: np.ndarray) -> FootMove:
        """Return a foot that stays."""
        return cls(ball, ball, turn, turn)

    def at(self, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return balls (T, 3) and turns (T, 3, 3) at times (T,) [s]."""
        elapsed_s = np.maximum(times_s - self.start_s, 0.0)
        duration_s = self.duration_s or _FLAT_S
        share = np.clip(elapsed_s / duration_s, 0.0, 1.0)
        balls = self.end + faded(self.begin - self.end, self.speed, elapsed_s, duration_s)
        balls[:, 2] += self.height_m * 16.0 * (share * (1.0 - share)) ** 2
        turns = slerp(
            np.broadcast_to(self.begin_turn, (len(times_s), 3, 3)),
            np.broadcast_to(self.end_turn, (len(times_s), 3, 3)), ease(share))
        return balls, turns


def place_of_foot(foot: int, middle: np.ndarray, heading_rad: float) -> np.ndarray:
    """Return where the ball (3,) of a foot stands beside a middle, facing somewhere."""
    aside = rotation_about_z(np.array(heading_rad)) @ [0.0, _outwards(foot) * _LATERAL_M, 0.0]
    return np.append(middle[:2], 0.0) + aside + [0.0, 0.0, BALL_HEIGHT_M]


def flat_foot(foot: int, heading_rad: float) -> np.ndarray:
    """Return the turn (3, 3) of a foot that is flat on the floor."""
    return smpl_global_rotations(
        rotation_about_z(np.array(heading_rad + _outwards(foot) * _TOES_OUT_RAD)))


def moves_into(
    feet: FeetPlaces, stood: np.ndarray, stands: np.ndarray, ends: np.ndarray,
    will_stand: np.ndarray, heading_rad: float, rate_hz: float,
) -> list[FootMove | None]:
    """
    Return how feet get to where another motion stands, within half a second.

    Args:
        feet: of the last two frames.
        stood, stands: (2,) which stand in the motion before, and in the other at the seam.
        ends: (2, 3) [m] where they are in the other motion soon after it.
        will_stand: (2,) which stand there.
        heading_rad: where the body faces.
        rate_hz: of the frames.

    Returns:
        The moves of the left and right foot; None for one that stays, or that goes on its way.
    """
    balls, speeds = feet.balls[1], _speeds(feet, rate_hz)
    far = np.linalg.norm((ends - balls)[:, :2], axis=-1)
    ahead = rotation_about_z(np.array(heading_rad))[:, 0]
    # Who is in the air lands first; of two that stand, who has the longer way ahead.
    order = sorted(range(2), key=lambda foot: (bool(stood[foot]), -(ends - balls)[foot] @ ahead))
    moves: list[FootMove | None] = [None, None]
    start_s = 0.0
    for foot in order:
        is_in_air = not stood[foot]
        goes_its_way = not stands[foot] if is_in_air else far[foot] < _STAYS_M
        if goes_its_way or not will_stand[foot]:
            continue
        moves[foot] = FootMove(
            balls[foot], np.append(ends[foot, :2], BALL_HEIGHT_M), feet.turns[1, foot],
            feet.turns[1, foot], speeds[foot] * is_in_air, 0.0 if is_in_air else start_s,
            _QUICK_S, _clearance_m(far[foot], balls[foot, 2]))
        start_s = _QUICK_S - _PAUSE_S
    return moves


def planned_moves(
    feet: FeetPlaces, stood: np.ndarray, root: np.ndarray, root_m_s: np.ndarray,
    heading_rad: float, rate_hz: float,
) -> list[FootMove]:
    """
    Return what both feet do.

    Args:
        feet: of the last two frames.
        stood: (2,) which stand.
        root, root_m_s: of the pelvis, (3,).
        heading_rad: where it faces.
        rate_hz: of the frames.
    """
    balls, turns = feet.balls[1], feet.turns[1]
    speeds = _speeds(feet, rate_hz)
    landing = root + _LOOK_AHEAD_S * root_m_s
    order: list[int] = [foot for foot in range(2) if not stood[foot]]
    ends, moves = np.array(balls), {}
    for foot in order:
        end = place_of_foot(foot, landing, heading_rad)
        # No shorter than where it goes on its own way, so that it need not swing back.
        ahead = rotation_about_z(np.array(heading_rad))[:, 0]
        own = balls[foot] + _OWN_WAY * _LANDING_S * speeds[foot]
        end += max(0.0, float((own - end) @ ahead)) * ahead * [1.0, 1.0, 0.0]
        if stood[1 - foot]:
            way = end - ends[1 - foot]
            end = ends[1 - foot] + way * min(
                1.0, _STRIDE_M / max(float(np.linalg.norm(way)), 1e-9))
            end[2] = BALL_HEIGHT_M
        ends[foot] = end
        moves[foot] = FootMove(
            balls[foot], end, turns[foot], flat_foot(foot, heading_rad), speeds[foot],
            0.0, _LANDING_S,
            _clearance_m(float(np.linalg.norm((end - balls[foot])[:2])), balls[foot, 2]))
    if not _is_stance(ends, heading_rad) and len(order) < 2:
        fixed = order[0] if order else _front(ends, root_m_s, heading_rad)
        foot = 1 - fixed
        middle = ends[fixed] - (
            place_of_foot(fixed, np.zeros(3), heading_rad))
        end = place_of_foot(foot, middle, heading_rad)
        moves[foot] = FootMove(
            balls[foot], end, turns[foot], flat_foot(foot, heading_rad), np.zeros(3),
            _LANDING_S - _PAUSE_S if order else _PAUSE_S, _STEP_S, _CLEARANCE_M)
    for foot in range(2):
        if foot not in moves:
            end = balls[foot] * [1.0, 1.0, 0.0] + [0.0, 0.0, BALL_HEIGHT_M]
            moves[foot] = FootMove(
                balls[foot], end, turns[foot], _flattened(turns[foot], foot, heading_rad))
    return [moves[0], moves[1]]


def _speeds(feet: FeetPlaces, rate_hz: float) -> np.ndarray:
    """Return how fast feet go (2, 3) [m/s], within bounds."""
    speeds = (feet.balls[1] - feet.balls[0]) * rate_hz
    sizes = np.linalg.norm(speeds, axis=-1, keepdims=True)
    return speeds * np.minimum(1.0, _FASTEST_M_S / np.maximum(sizes, 1e-9))


def _outwards(foot: int) -> float:
    return 1.0 - 2.0 * foot


def _clearance_m(way_m: float, height_m: float) -> float:
    """Return by how much a step of a length, from a height, is to be higher than its line."""
    wanted = min(max(_CLEARANCE_OF_WAY * way_m, _LEAST_CLEARANCE_M), _CLEARANCE_M)
    return max(0.0, wanted - 0.5 * max(height_m - BALL_HEIGHT_M, 0.0))


def _is_stance(balls: np.ndarray, heading_rad: float) -> bool:
    """Say whether one can stand quietly on balls (2, 3)."""
    ahead, aside, _ = rotation_about_z(np.array(-heading_rad)) @ (balls[0] - balls[1])
    return abs(ahead) < _LONGEST_M and _NARROWEST_M < aside < _WIDEST_M


def _front(balls: np.ndarray, root_m_s: np.ndarray, heading_rad: float) -> int:
    """Return the foot that is farther where the body goes, or else faces."""
    ahead = rotation_about_z(np.array(heading_rad))[:, 0]
    way = root_m_s * [1.0, 1.0, 0.0] + 0.1 * ahead
    return int((balls @ way).argmax())


def _flattened(turn: np.ndarray, foot: int, heading_rad: float) -> np.ndarray:
    """Return a foot's turn brought flat to the floor, pointing where it points."""
    ahead = turn[:, 2]
    if np.linalg.norm(ahead[:2]) < 0.3:     # it stands on its toes
        return flat_foot(foot, heading_rad)
    return flat_foot(foot, float(np.arctan2(ahead[1], ahead[0])) - _outwards(foot) * _TOES_OUT_RAD)
