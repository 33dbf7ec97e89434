# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A clip made fit to be played in a loop.

A clip rarely ends where it begins. Played in a loop as it is, it jumps at the seam by metres
within one frame, which no tracker does and an avatar has to take for a fault. The transition
`glide` therefore adds frames that lead from the last pose back to the first at a walking
speed; `jump` leaves the clip alone. A clip whose seam is no larger than its other steps, as
the built-in motion's, needs no transition and gets none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.easing import ease
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import geodesic_angle, slerp

TRANSITIONS = ('glide', 'jump')

_GLIDE_M_S, _GLIDE_RAD_S, _LEAST_GLIDE_S = 0.8, 1.5, 0.5
#: A seam this many times the clip's largest step is still taken for one of its steps.
_SEAM_TOLERANCE = 1.5


@dataclass(frozen=True)
class LoopedMotion:
    """
    One loop: the clip, then the way back to its beginning where it needs one.

    Attributes:
        motion: frames of one loop.
        clip_frames: how many of them are the clip's; the others are the way back.
    """

    motion: Motion
    clip_frames: int


def loop_motion(motion: Motion, transition: str = 'glide') -> LoopedMotion:
    """Return one loop of a clip, with transition `glide` or `jump`."""
    assert transition in TRANSITIONS, transition
    if transition == 'jump' or is_seamless(motion):
        return LoopedMotion(motion, len(motion))
    back = _way_back(motion)
    poses = BodyPose(
        np.concatenate((motion.poses.local_rotations, back.local_rotations)),
        np.concatenate((motion.poses.root_position, back.root_position)))
    return LoopedMotion(Motion(poses, motion.rate_hz), len(motion))


def is_seamless(motion: Motion) -> bool:
    """Tell whether the step from the last frame to the first is one of the clip's own size."""
    if len(motion) < 3:
        return False
    rotations, positions = motion.poses.global_joints()
    steps_m = np.linalg.norm(np.diff(positions, axis=0), axis=-1).max(axis=-1)
    steps_rad = geodesic_angle(rotations[1:], rotations[:-1]).max(axis=-1)
    seam_m = np.linalg.norm(positions[0] - positions[-1], axis=-1).max()
    seam_rad = geodesic_angle(rotations[0], rotations[-1]).max()
    return bool(seam_m <= _SEAM_TOLERANCE * steps_m.max()
                and seam_rad <= _SEAM_TOLERANCE * steps_rad.max())


def _way_back(motion: Motion) -> BodyPose:
    """Return the frames strictly between the last pose and the first."""
    last, first = motion.poses[-1], motion.poses[0]
    duration_s = max(
        _LEAST_GLIDE_S,
        float(np.linalg.norm(first.root_position - last.root_position)) / _GLIDE_M_S,
        float(geodesic_angle(first.local_rotations, last.local_rotations).max()) / _GLIDE_RAD_S)
    frames = max(1, round(duration_s * motion.rate_hz))
    fraction = ease(np.arange(1, frames + 1) / (frames + 1))
    root = last.root_position + fraction[:, None] * (first.root_position - last.root_position)
    shape = (frames, *first.local_rotations.shape)
    rotations = slerp(
        np.broadcast_to(last.local_rotations, shape),
        np.broadcast_to(first.local_rotations, shape), fraction[:, None])
    return BodyPose(rotations, root)
