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
from motion_avatar_ros.generation.foot_lock import feet_of, locked, standing_feet
from motion_avatar_ros.generation.motion_features import FRAME_RATE_HZ, features_from_motion
from motion_avatar_ros.generation.pose_offset import offset_between
from motion_avatar_ros.generation.pose_spline import PoseSpline
from motion_avatar_ros.generation.standing import Standing
from motion_avatar_ros.trackers.heading import heading_angles

#: Frames that `at` reads after the one it is asked for.
AHEAD = 2


class MotionTape:
    """Frames `begin` to `end`, exclusive; not thread safe."""

    def __init__(self, poses: BodyPose) -> None:
        """Begin with poses (T, ...), the first of which is number 0."""
        self.begin = 0
        self._poses = poses
        self._spline: tuple[int, PoseSpline] | None = None
        #: Steps that feet had to take because a blend left them too far from the motion.
        self.extra_steps = 0

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
        new = _placed(
            motion.poses, seam, self.frames(frame, frame + 1)[0], stood & stands[0])
        offset = offset_between(
            self.frames(frame - 1, frame + 1), new[seam - 1:seam + 1], FRAME_RATE_HZ)
        new = new[seam:]
        elapsed_s = np.arange(len(new.root_position)) / FRAME_RATE_HZ
        blended = offset.fading(new, elapsed_s, blend_s)
        shown, steps = locked(blended, stands, stood, FRAME_RATE_HZ)
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


def _placed(poses: BodyPose, seam: int, onto: BodyPose, is_common: np.ndarray) -> BodyPose:
    """
    Return poses brought over the floor so that their frame `seam` is where a pose is.

    Args:
        poses: (T, ...), toes that stand at z = 0.
        seam: the frame.
        onto: one pose.
        is_common: (2,) feet that are to be in the same place; without any it is the pelvis.
    """
    headings = [
        float(heading_angles(each.local_rotations[None, PELVIS])[0])
        for each in (onto, poses[seam])]
    turn = rotation_about_z(np.array(headings[0] - headings[1]))
    local = poses.local_rotations.copy()
    local[:, PELVIS] = turn @ local[:, PELVIS]
    turned = BodyPose(local, apply(turn, poses.root_position))
    here, there = turned[seam], onto
    if is_common.any():
        way = (feet_of(there).balls - feet_of(here).balls)[is_common].mean(axis=0)
    else:
        way = there.root_position - here.root_position
    way[2] = BALL_HEIGHT_M
    return BodyPose(local, turned.root_position + way)
