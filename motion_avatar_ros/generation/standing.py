# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From any pose in motion to quiet standing, for as long as it takes until something else is to do.

No network: the body comes to rest over its feet as `pose_offset` has it. Feet that stand stay; a
foot in the air lands, and feet too far apart for standing take a step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.body.axes import smpl_global_rotations, smpl_local_rotations
from motion_avatar_ros.body.easing import ease
from motion_avatar_ros.body.euler import rotation_about
from motion_avatar_ros.body.foot_placing import BALLS, lowered, with_feet
from motion_avatar_ros.body.gestures import standing_rotations
from motion_avatar_ros.body.leg_ik import LEGS
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    apply, matrix_from_axis_angle, rotation_about_z, transpose,
)
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX, PELVIS, REST_OFFSETS_M
from motion_avatar_ros.generation.landing import (
    FootMove, flat_foot, place_of_foot, planned_moves,
)
from motion_avatar_ros.generation.pose_offset import offset_between
from motion_avatar_ros.generation.standing_feet import feet_of
from motion_avatar_ros.trackers.heading import heading_angles

PELVIS_HEIGHT_M = 0.928
_BALLS_AHEAD_M = 0.045      # of the pelvis
_SHORTEST_S, _LONGEST_S = 0.7, 2.5      # of coming to rest
_SETTLED_S = 0.5            # after which nothing but swaying is left
_S_PER_M, _S_PER_M_S, _S_PER_RAD = 1.2, 0.3, 0.25
#: Standing still is not motionless: joint, axis, amplitude [deg], cycles a second.
_SWAYS = (('spine2', 'y', 0.6, 0.26), ('spine1', 'x', 0.5, 0.11), ('neck', 'z', 2.0, 0.07),
          ('head', 'y', 1.4, 0.13))
_SWAY_AFTER_S, _SWAY_RISES_S = 1.0, 3.0


class Standing:
    """Frames that follow two poses of a motion, without end."""

    def __init__(self, last: BodyPose, rate_hz: float, stood: np.ndarray) -> None:
        """
        Plan.

        Args:
            last: the last two poses of the motion; the floor is at z = 0.
            rate_hz: frames per second.
            stood: (2,) which of its feet stand.
        """
        self._rate_hz = rate_hz
        feet = feet_of(last)
        root_m_s = (last.root_position[1] - last.root_position[0]) * rate_hz
        heading = float(heading_angles(last.local_rotations[:, PELVIS])[1])
        self._moves = planned_moves(feet, stood, last.root_position[1], root_m_s, heading, rate_hz)
        self._target = _standing_pose(self._moves, heading)
        self._offset = offset_between(
            last, BodyPose(*(np.stack((each, each)) for each in (
                self._target.local_rotations, self._target.root_position))), rate_hz)
        self._duration_s = float(np.clip(
            _S_PER_M * np.linalg.norm(self._offset.way)
            + _S_PER_M_S * np.linalg.norm(root_m_s)
            + _S_PER_RAD * np.linalg.norm(self._offset.turns[PELVIS]), _SHORTEST_S, _LONGEST_S))
        arrival = round((max(self._duration_s, *(
            move.start_s + move.duration_s for move in self._moves)) + _SETTLED_S) * rate_hz)
        poses, balls, turns = self._placed(0, arrival)
        self._arrival = with_feet(lowered(poses, balls, turns, rate_hz), balls, turns)

    def frames(self, begin: int, count: int) -> BodyPose:
        """Return poses by their numbers; number 0 is the last pose of the motion before."""
        ready = self._arrival[begin:begin + count]
        if len(ready.root_position) == count:
            return ready
        first = begin + len(ready.root_position)
        rest = with_feet(*self._placed(first, begin + count - first))
        return BodyPose(*(np.concatenate(pair) for pair in (
            (ready.local_rotations, rest.local_rotations),
            (ready.root_position, rest.root_position))))

    def _placed(self, begin: int, count: int) -> tuple[BodyPose, np.ndarray, np.ndarray]:
        """Return poses, and where their feet shall be."""
        times_s = (begin + np.arange(count)) / self._rate_hz
        rotations = np.repeat(self._target.local_rotations[None], count, axis=0)
        _sway(rotations, times_s - self._duration_s - _SWAY_AFTER_S)
        roots = np.repeat(self._target.root_position[None], count, axis=0)
        poses = self._offset.fading(BodyPose(rotations, roots), times_s, self._duration_s)
        places = [move.at(times_s) for move in self._moves]
        balls = np.stack([balls for balls, _ in places], axis=1)
        turns = np.stack([turns for _, turns in places], axis=1)
        return poses, balls, turns


def standing_at(ground: Sequence[float] | np.ndarray, heading_rad: float) -> BodyPose:
    """Return quiet standing over a place (2,) [m] of the floor."""
    moves = [FootMove.still(*place) for place in _side_by_side(ground, heading_rad)]
    return _standing_pose(moves, heading_rad)


def _side_by_side(
    ground: Sequence[float] | np.ndarray, heading_rad: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    ahead = rotation_about_z(np.array(heading_rad)) @ [_BALLS_AHEAD_M, 0.0, 0.0]
    middle = np.append(ground, 0.0) + ahead
    return [(place_of_foot(foot, middle, heading_rad), flat_foot(foot, heading_rad))
            for foot in range(2)]


def _standing_pose(moves: list[FootMove], heading_rad: float) -> BodyPose:
    """Return one pose that stands on feet where their moves end."""
    balls = np.stack([move.end for move in moves])
    rotations = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    for joint, standing in standing_rotations().items():
        rotations[joint] = standing
    rotations[PELVIS] = rotation_about('z', np.array(heading_rad))
    local = smpl_local_rotations(rotations)
    root = balls.mean(axis=0) - rotation_about_z(
        np.array(heading_rad)) @ [_BALLS_AHEAD_M, 0.0, 0.0]
    turns = np.stack([move.end_turn for move in moves])
    ankles = balls - apply(turns, REST_OFFSETS_M[list(BALLS)])
    pelvis = smpl_global_rotations(rotations[PELVIS])
    hips = [apply(pelvis, REST_OFFSETS_M[JOINT_INDEX[name]]) for name in ('left_hip', 'right_hip')]
    root[2] = PELVIS_HEIGHT_M
    for leg, hip, ankle in zip(LEGS, hips, ankles, strict=True):
        aside = float(np.linalg.norm((root + hip - ankle)[:2]))
        reach = np.sqrt(max(leg.reach_m ** 2 - aside ** 2, 0.0))
        root[2] = min(root[2], ankle[2] + reach - hip[2])
    for side, leg, hip, ankle, turn in zip(
            ('left', 'right'), LEGS, hips, ankles, turns, strict=True):
        thigh, shin = leg.bend((root + hip)[None], ankle[None], pelvis[None, :, 0])
        for name, parent, child in (
                ('hip', pelvis, thigh[0]), ('knee', thigh[0], shin[0]), ('ankle', shin[0], turn)):
            local[JOINT_INDEX[f'{side}_{name}']] = transpose(parent) @ child
    return BodyPose(local, root)


def _sway(rotations: np.ndarray, times_s: np.ndarray) -> None:
    """Add swaying to poses (T, 22, 3, 3), so long (T,) [s] after it begins."""
    rise = ease(times_s / _SWAY_RISES_S)
    axes = {'x': (0.0, 0.0, 1.0), 'y': (1.0, 0.0, 0.0), 'z': (0.0, 1.0, 0.0)}   # in SMPL's
    for name, axis, degrees, frequency in _SWAYS:
        angle = np.radians(degrees) * rise * np.sin(2.0 * np.pi * frequency * times_s)
        joint = JOINT_INDEX[name]
        rotations[:, joint] = rotations[:, joint] @ matrix_from_axis_angle(
            angle[:, None] * np.array(axes[axis]))
