# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The frames of an endless motion: the last second of what was shown, and what is made ahead.

Frames are numbered from 0 on, 20 a second, in a world whose floor is at z = 0. What comes later
may be replaced at any time; what was shown may not.
"""

from __future__ import annotations

import math

import numpy as np

from motion_avatar_ros.body.footsteps import BALL_HEIGHT_M
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import apply, rotation_about_z
from motion_avatar_ros.body.skeleton import PELVIS
from motion_avatar_ros.generation.foot_lock import locked
from motion_avatar_ros.generation.landing import moves_into
from motion_avatar_ros.generation.motion_features import (
    FRAME_RATE_HZ, features_from_motion, motion_from_features,
)
from motion_avatar_ros.generation.pose_offset import offset_between
from motion_avatar_ros.generation.pose_spline import PoseSpline
from motion_avatar_ros.generation.standing import Standing
from motion_avatar_ros.generation.standing_feet import feet_of, standing_feet
from motion_avatar_ros.trackers.heading import heading_angles

#: Frames that `at` reads after the one it is asked for.
AHEAD = 2

_LANDED_FRAMES = 6      # after which a foot is to be where it stands
_COASTING = 0.4         # of the way that a difference of speed would go while it fades


class MotionTape:
    """Frames `begin` to `end`, exclusive; not thread safe."""

    def __init__(self, poses: BodyPose) -> None:
        """Begin with poses (T, ...), the first of which is number 0."""
        self.begin = 0
        self._poses = poses
        self._spline: tuple[int, PoseSpline] | None = None
        #: Steps that feet had to take because a blend left them too far from the motion.
        self.extra_steps = 0

    @classmethod
    def of_features(cls, features: np.ndarray) -> MotionTape:
        """Return a tape of features (T, 269), from the origin on."""
        poses = motion_from_features(features).poses
        return cls(BodyPose(
            poses.local_rotations, poses.root_position + [0.0, 0.0, BALL_HEIGHT_M]))

    @property
    def end(self) -> int:
        """Return the number after the last frame."""
        return self.begin + len(self._poses.root_position)

    def frames(self, begin: int, end: int) -> BodyPose:
        """Return some of the frames."""
        return self._poses[begin - self.begin:end - self.begin]

    def forget(self, before: int) -> None:
        """Drop the frames before a number."""
        if before > self.begin:
            self._poses = self._poses[before - self.begin:]
            self.begin = before

    def at(self, frame: float) -> BodyPose:
        """Return the pose at a number between frames: there are one before and two after it."""
        number = math.floor(frame)
        if self._spline is None or self._spline[0] != number:
            self._spline = number, PoseSpline(self.frames(number - 1, number + AHEAD + 1))
        return self._spline[1].at(frame - number)

    def features(self, last: int, count: int) -> np.ndarray:
        """Return the features (count, 269) of the frames up to number `last`, inclusive."""
        more = min(last + 2, self.end)      # the frame after tells how fast the last one moves
        poses = self.frames(last + 1 - count, more)
        return features_from_motion(
            Motion(poses, FRAME_RATE_HZ), floor_m=BALL_HEIGHT_M)[:count]

    def stand_after(self, frame: int) -> Standing:
        """Return the way to quiet standing from a frame on."""
        return Standing(self.frames(frame - 1, frame + 1), FRAME_RATE_HZ, self._stood(frame))

    def extend(self, poses: BodyPose) -> None:
        """Put poses behind the last frame."""
        self._replace(self.end, poses)

    def cut(self, after: int) -> None:
        """Drop the frames behind a number."""
        self._replace(after + 1, self._poses[:0])

    def join(self, frame: int, motion: Motion, seam: int, blend_s: float) -> None:
        """
        Go on from a frame with another motion.

        The motion is brought to where the body is: where it faces, and a foot that stands in both
        is. What its poses differ by fades; feet that stand stay.

        Args:
            frame: number of the last frame that stays.
            motion: at 20 Hz, toes that stand at z = 0.
            seam: the frame of the motion, not its first, that is at `frame`; it goes on behind it.
            blend_s: after so long only the motion is left.
        """
        balls = feet_of(motion.poses).balls + [0.0, 0.0, BALL_HEIGHT_M]
        stands = standing_feet(balls, FRAME_RATE_HZ)[seam:]
        stood = self._stood(frame)
        old = self.frames(frame - 1, frame + 1)
        new = _placed(motion.poses, seam, old, stood & stands[0], blend_s)
        offset = offset_between(old, new[seam - 1:seam + 1], FRAME_RATE_HZ)
        new = new[seam:]
        landed = min(_LANDED_FRAMES, len(stands) - 1)
        moves = moves_into(
            feet_of(old), stood, stands[0], feet_of(new[landed]).balls, stands[landed],
            _heading(old[1]), FRAME_RATE_HZ)
        elapsed_s = np.arange(len(new.root_position)) / FRAME_RATE_HZ
        blended = offset.fading(new, elapsed_s, blend_s)
        shown, steps = locked(blended, stands, stood, FRAME_RATE_HZ, moves)
        self.extra_steps += steps
        self._replace(frame + 1, shown[1:])

    def _stood(self, frame: int) -> np.ndarray:
        begin = max(self.begin, frame - 5)
        return standing_feet(feet_of(self.frames(begin, frame + 1)).balls, FRAME_RATE_HZ)[-1]

    def _replace(self, begin: int, poses: BodyPose) -> None:
        kept = self._poses[:begin - self.begin]
        self._poses = BodyPose(
            np.concatenate((kept.local_rotations, poses.local_rotations)),
            np.concatenate((kept.root_position, poses.root_position)))
        self._spline = None


def _placed(
    poses: BodyPose, seam: int, onto: BodyPose, is_common: np.ndarray, blend_s: float
) -> BodyPose:
    """
    Return poses brought over the floor so that their frame `seam` is where a motion is.

    Args:
        poses: (T, ...), toes that stand at z = 0.
        seam: the frame.
        onto: the last two poses of the motion.
        is_common: (2,) feet that are to be in the same place; without any it is the pelvis.
        blend_s: in which a difference of speed fades.
    """
    turn = rotation_about_z(np.array(_heading(onto[1]) - _heading(poses[seam])))
    local = poses.local_rotations.copy()
    local[:, PELVIS] = turn @ local[:, PELVIS]
    turned = BodyPose(local, apply(turn, poses.root_position))
    here, there = turned[seam], onto[1]
    if is_common.any():
        way = (feet_of(there).balls - feet_of(here).balls)[is_common].mean(axis=0)
    else:
        way = there.root_position - here.root_position
    # A body that is faster goes on a little while it is slowed down, and does not come back.
    faster = (np.diff(onto.root_position, axis=0)
              - np.diff(turned.root_position[seam - 1:seam + 1], axis=0))[0] * FRAME_RATE_HZ
    way = way + _COASTING * blend_s * faster
    way[2] = BALL_HEIGHT_M
    return BodyPose(local, turned.root_position + way)


def _heading(pose: BodyPose) -> float:
    return float(heading_angles(pose.local_rotations[None, PELVIS])[0])
