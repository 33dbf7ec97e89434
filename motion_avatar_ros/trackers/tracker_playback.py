# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Trackers worn by the body of a clip: their poses frame by frame, with noise and dropouts.

Frames are numbered from 0 without end; what a number stands for depends on the clip and the
seed alone, not on which frames were asked for before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.motion_loop import loop_motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import matrix_from_axis_angle, quaternion_from_matrix
from motion_avatar_ros.body.skeleton import (
    HEAD, LEFT_FOOT, LEFT_WRIST, PELVIS, RIGHT_FOOT, RIGHT_WRIST,
)

#: The joint each tracker is fixed to.
TRACKER_JOINTS = {
    'head': HEAD, 'left_hand': LEFT_WRIST, 'right_hand': RIGHT_WRIST,
    'pelvis': PELVIS, 'left_foot': LEFT_FOOT, 'right_foot': RIGHT_FOOT,
}

_BLOCK_FRAMES = 256  # random numbers are drawn by blocks, each with its own generator


@dataclass(frozen=True)
class Disturbance:
    """
    What makes played trackers less than perfect.

    Attributes:
        position_m, rotation_rad: standard deviation per axis of white noise.
        dropout_per_s: mean number of dropouts of a tracker per second.
        dropout_s: how long one lasts; overlapping ones join.
        dropout_trackers: the trackers that drop out, each on its own.
        seed: of all randomness.
    """

    position_m: float = 0.0
    rotation_rad: float = 0.0
    dropout_per_s: float = 0.0
    dropout_s: float = 0.5
    dropout_trackers: tuple[str, ...] = ('head', 'left_hand', 'right_hand')
    seed: int = 0


@dataclass(frozen=True)
class TrackerFrame:
    """
    One instant of N trackers.

    Attributes:
        positions: (N, 3) [m] in the world, noise included.
        quaternions_xyzw: (N, 4), REP-103 axes in the world, noise included.
        is_present: (N,) False in a dropout.
        truth: the body's pose, without noise; None on the way back to a clip's beginning,
            which is no motion of the clip.
    """

    positions: np.ndarray
    quaternions_xyzw: np.ndarray
    is_present: np.ndarray
    truth: BodyPose | None


class TrackerPlayback:
    """Plays a clip as trackers."""

    def __init__(
        self,
        motion: Motion,
        rate_hz: float,
        tracker_names: Sequence[str],
        speed: float = 1.0,
        is_looping: bool = True,
        transition: str = 'glide',
        disturbance: Disturbance = Disturbance(),
    ) -> None:
        """
        Resample the clip and pose its skeleton.

        Args:
            motion: the clip, at any rate.
            rate_hz: frames per second of the playback.
            tracker_names: keys of TRACKER_JOINTS, in the order of every frame.
            speed: 2 plays twice as fast.
            is_looping: start over at the end.
            transition: of a loop, see motion_loop.
            disturbance: noise and dropouts.
        """
        motion = motion.resampled(rate_hz / speed)
        looped = loop_motion(motion, transition if is_looping else 'jump')
        joints = [TRACKER_JOINTS[name] for name in tracker_names]
        rotations, positions = looped.motion.poses.global_joints()
        self._rotations = ros_global_rotations(rotations[:, joints])
        self._positions = positions[:, joints]
        self._quaternions_xyzw = quaternion_from_matrix(self._rotations)
        self._poses = looped.motion.poses
        self._clip_frames = looped.clip_frames
        self._is_looping = is_looping
        self._disturbance = disturbance
        self._may_drop_out = np.isin(tracker_names, disturbance.dropout_trackers)
        self._start_probability = min(1.0, disturbance.dropout_per_s / rate_hz)
        self._dropout_frames = max(1, round(disturbance.dropout_s * rate_hz))
        self._draw_block = lru_cache(maxsize=16)(self._draw_block_uncached)
        self.loop_frames = len(looped.motion)
        self.transition_s = (self.loop_frames - self._clip_frames) / rate_hz

    def frame(self, number: int) -> TrackerFrame | None:
        """Return a frame, or None after the end of a clip that does not loop."""
        assert number >= 0, number
        if number >= self.loop_frames and not self._is_looping:
            return None
        index = number % self.loop_frames
        positions, quaternions_xyzw = self._positions[index], self._quaternions_xyzw[index]
        disturbance = self._disturbance
        if disturbance.position_m > 0.0:
            positions = positions + disturbance.position_m * self._normals(number)[:, :3]
        if disturbance.rotation_rad > 0.0:
            shake = matrix_from_axis_angle(disturbance.rotation_rad * self._normals(number)[:, 3:])
            quaternions_xyzw = quaternion_from_matrix(self._rotations[index] @ shake)
        return TrackerFrame(
            positions, quaternions_xyzw, self._is_present(number),
            self._poses[index] if index < self._clip_frames else None)

    def _normals(self, number: int) -> np.ndarray:
        return self._draw_block(number // _BLOCK_FRAMES)[0][number % _BLOCK_FRAMES]

    def _is_present(self, number: int) -> np.ndarray:
        is_present = np.ones(len(self._may_drop_out), dtype=bool)
        if self._start_probability > 0.0:
            first = max(0, number - self._dropout_frames + 1)
            for block in range(first // _BLOCK_FRAMES, number // _BLOCK_FRAMES + 1):
                start = block * _BLOCK_FRAMES
                draws = self._draw_block(block)[1][max(0, first - start):number - start + 1]
                is_present &= ~(draws < self._start_probability).any(axis=0)
        return is_present | ~self._may_drop_out

    def _draw_block_uncached(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        """Return normals (256, N, 6) and uniforms (256, N)."""
        generator = np.random.default_rng((self._disturbance.seed, block))
        shape = (_BLOCK_FRAMES, len(self._may_drop_out))
        return generator.standard_normal((*shape, 6)), generator.random(shape)
