# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Frames of recorded motion that look like a step of a calibration.

How a hand sits in the wrist is not calibrated in optical recordings: the markers of each
subject put its zero elsewhere, up to 50 degrees apart, which an offset of the tracker cannot be
told from. `Neutral hands` are the wrists' rotations while the arms hang, by subject; `HandZero`
turns a subject's hands so that they hang as `HANGING_WRIST_RAD`, the mean of all subjects, says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    apply, axis_angle_from_matrix, matrix_from_axis_angle, rotation_about_z, transpose,
)
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M

#: Mean local rotation of a hanging left wrist [rad]; the right one is its mirror image.
HANGING_WRIST_RAD = np.radians([16.0, 4.0, 16.0])

_LEVEL_HEAD_RAD = np.radians(5.0)  # how the data's upright heads are put
_MIRROR = np.array([1.0, -1.0, -1.0])  # of rotation vectors, in the plane between left and right
_SIDES = ('left', 'right')
_ARM_LENGTH_M = float(np.linalg.norm(REST_OFFSETS_M[18]) + np.linalg.norm(REST_OFFSETS_M[20]))
_FEWEST_FRAMES = 10


@dataclass(frozen=True)
class StandingFrames:
    """
    What T frames of a clip look like; arms (T, 2) are left, right.

    Attributes:
        is_standing: (T,) upright, both feet near the floor.
        is_straight: (T, 2) the arm is stretched.
        elevation_rad: (T, 2) of the line shoulder to wrist, 0 level, down negative.
        forward_rad: (T, 2) of that line from the sideways direction.
        speed_m_s: (T,) of the fastest of head and hands.
        head_turn_rad: (T, 3) rotation vector of the head from upright and facing where the
            shoulders face, SMPL axes.
    """

    is_standing: np.ndarray
    is_straight: np.ndarray
    elevation_rad: np.ndarray
    forward_rad: np.ndarray
    speed_m_s: np.ndarray
    head_turn_rad: np.ndarray

    @property
    def is_looking_ahead(self) -> np.ndarray:
        """(T,) the head is within 15 degrees of upright and ahead."""
        level_rad = self.head_turn_rad - np.array([_LEVEL_HEAD_RAD, 0.0, 0.0])
        return np.linalg.norm(level_rad, axis=-1) < np.radians(15.0)

    @property
    def is_level(self) -> np.ndarray:
        """(T, 2) stretched sideways, within 25 degrees of level and 30 of sideways."""
        return (
            self.is_standing[:, None] & self.is_straight
            & (np.abs(self.elevation_rad) < np.radians(25.0))
            & (np.abs(self.forward_rad) < np.radians(30.0)))

    @property
    def is_hanging(self) -> np.ndarray:
        """(T,) both arms stretched and within 25 degrees of the vertical."""
        return self.is_standing & (
            self.is_straight & (self.elevation_rad < np.radians(-65.0))).all(axis=1)

    @property
    def is_raised(self) -> np.ndarray:
        """(T, 2) stretched, anywhere above 50 degrees below level."""
        return (
            self.is_standing[:, None] & self.is_straight
            & (self.elevation_rad > np.radians(-50.0)))


def look_at(motion: Motion) -> StandingFrames:
    """Describe every frame of a clip."""
    rotations, positions = motion.poses.global_joints()
    joint = {name: positions[:, index] for name, index in JOINT_INDEX.items()}
    upright = rotations[:, [JOINT_INDEX['pelvis'], JOINT_INDEX['spine3']], 2, 1]
    is_standing = (
        (joint['head'][:, 2] > 1.42) & (upright > 0.94).all(axis=1)
        & (joint['left_ankle'][:, 2] < 0.2) & (joint['right_ankle'][:, 2] < 0.2))
    across = joint['left_shoulder'] - joint['right_shoulder']
    heading = rotation_about_z(np.arctan2(across[:, 1], across[:, 0]) - np.pi / 2.0)
    to_body = transpose(heading @ ROS_FROM_SMPL)
    arms = np.stack([
        apply(to_body, joint[f'{side}_wrist'] - joint[f'{side}_shoulder']) for side in _SIDES
    ], axis=1)
    lengths = np.linalg.norm(arms, axis=-1)
    moving = np.stack([joint['head'], joint['left_wrist'], joint['right_wrist']], axis=1)
    steps = np.linalg.norm(np.diff(moving, axis=0, prepend=moving[:1]), axis=-1)
    return StandingFrames(
        is_standing=is_standing,
        is_straight=lengths > 0.93 * _ARM_LENGTH_M,
        elevation_rad=np.arcsin(np.clip(arms[..., 1] / lengths, -1.0, 1.0)),
        forward_rad=np.arctan2(arms[..., 2], arms[..., 0] * np.array([1.0, -1.0])),
        speed_m_s=steps.max(axis=1) * motion.rate_hz,
        head_turn_rad=axis_angle_from_matrix(to_body @ rotations[:, JOINT_INDEX['head']]),
    )


@dataclass(frozen=True)
class HandZero:
    """
    How a subject's hands are to be turned.

    Attributes:
        turns: (2, 3, 3) local rotation to append to that of the left and the right wrist.
    """

    turns: np.ndarray

    def applied(self, motion: Motion) -> Motion:
        """Return the clip with its hands turned."""
        rotations = motion.poses.local_rotations.copy()
        for side, turn in zip(_SIDES, self.turns, strict=True):
            rotations[:, JOINT_INDEX[f'{side}_wrist']] @= turn
        return Motion(BodyPose(rotations, motion.poses.root_position), motion.rate_hz)


def hand_zero(motions: Iterable[Motion]) -> HandZero:
    """Return the turns for the clips of one subject: from hanging arms, or else all frames."""
    clips = list(motions)
    picked = [motion.poses[look_at(motion).is_hanging].local_rotations for motion in clips]
    if sum(map(len, picked)) < _FEWEST_FRAMES:
        picked = [motion.poses.local_rotations for motion in clips]
    rotations = np.concatenate(picked)
    turns = []
    for side, mirror in zip(_SIDES, (np.ones(3), _MIRROR), strict=True):
        hanging = matrix_from_axis_angle(HANGING_WRIST_RAD * mirror)
        turns.append(middle_rotation(
            rotations[:, JOINT_INDEX[f'{side}_wrist']]).T @ hanging)
    return HandZero(np.stack(turns))


def middle_rotation(rotations: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return the median rotation of (K, 3, 3), or with weights (K,) their mean."""
    middle = rotations[0]
    for _ in range(15):
        turns = axis_angle_from_matrix(middle.T @ rotations)
        turn = np.median(turns, axis=0) if weights is None else np.average(
            turns, axis=0, weights=weights)
        middle = middle @ matrix_from_axis_angle(turn)
    return middle
