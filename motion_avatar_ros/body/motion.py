# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion clips: AMASS-style npz files and their resampling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from motion_avatar_ros.body.bounded_npz import bounded_npz
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT, SMPL_PELVIS_M
from motion_avatar_ros.errors import MotionFileError

_BODY_VALUES = 3 * JOINT_COUNT
_POSES_VALUES = 156  # AMASS (SMPL-H): body, then two hands
# What no clip of a person has; resampling or looping it could fill the memory.
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 1.0, 10_000.0
_FARTHEST_M = 1000.0
_MOST_RAD = 1000.0
_MOST_BYTES = 1_000_000_000     # an hour at 120 Hz


@dataclass(frozen=True)
class Motion:
    """
    A clip of whole-body poses at a constant rate.

    Attributes:
        poses: T poses, `local_rotations` (T, 22, 3, 3) and `root_position` (T, 3) [m].
        rate_hz: frames per second.
    """

    poses: BodyPose
    rate_hz: float

    def __len__(self) -> int:
        return len(self.poses.root_position)

    @property
    def duration_s(self) -> float:
        """Time from the first frame to the last [s]."""
        return (len(self) - 1) / self.rate_hz

    def resampled(self, rate_hz: float) -> Motion:
        """Return the clip at another rate: rotations by slerp, root position linearly."""
        if rate_hz == self.rate_hz or len(self) < 2:
            return Motion(self.poses, rate_hz)
        times_s = np.arange(len(self)) / self.rate_hz
        new_times_s = np.arange(int(np.floor(self.duration_s * rate_hz + 1e-6)) + 1) / rate_hz
        new_times_s = np.minimum(new_times_s, times_s[-1])
        rotations = np.stack([
            Slerp(times_s, Rotation.from_matrix(self.poses.local_rotations[:, joint]))(
                new_times_s).as_matrix()
            for joint in range(JOINT_COUNT)
        ], axis=1)
        root = np.stack([
            np.interp(new_times_s, times_s, self.poses.root_position[:, axis])
            for axis in range(3)
        ], axis=-1)
        return Motion(BodyPose(rotations, root), rate_hz)


def load_motion(path: str | Path) -> Motion:
    """
    Read an AMASS-style npz: `poses` (T, >=66), `trans` (T, 3), `mocap_framerate`.

    The rate may be called `mocap_frame_rate`, as in AMASS' SMPL-X files.

    Raises:
        MotionFileError: the file is missing, no npz, lacks a key, or holds bad values.
    """
    try:
        with bounded_npz(path, _MOST_BYTES) as archive:
            poses = np.asarray(archive['poses'], dtype=float)
            trans = np.asarray(archive['trans'], dtype=float)
            rate_hz = float(archive[
                'mocap_frame_rate' if 'mocap_frame_rate' in archive else 'mocap_framerate'])
    except FileNotFoundError:
        raise MotionFileError(path, 'no such file') from None
    except KeyError as error:
        raise MotionFileError(path, str(error.args[0])) from None
    except (OSError, ValueError, TypeError) as error:
        raise MotionFileError(path, f'not a readable npz ({error})') from None
    if poses.ndim != 2 or poses.shape[1] < _BODY_VALUES or trans.shape != (len(poses), 3):
        raise MotionFileError(path, f'{poses.shape=} and {trans.shape=} do not fit')
    frames = len(poses)
    if frames < 2 or not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:
        raise MotionFileError(path, f'{frames} frames at {rate_hz} Hz')
    if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
        raise MotionFileError(path, 'poses or trans hold values that are not finite')
    if np.abs(poses).max() > _MOST_RAD:
        raise MotionFileError(path, f'poses reach {np.abs(poses).max():g}: are they in radians?')
    if np.abs(trans).max() > _FARTHEST_M:
        raise MotionFileError(path, f'trans reaches {np.abs(trans).max():g}: is it in metres?')
    axis_angle = poses[:, :_BODY_VALUES].reshape(frames, JOINT_COUNT, 3)
    return Motion(BodyPose(matrix_from_axis_angle(axis_angle), trans + SMPL_PELVIS_M), rate_hz)


def save_motion(path: str | Path, motion: Motion) -> None:
    """Write an AMASS-style npz (SMPL-H layout, hands zero, betas zero, gender neutral)."""
    poses = np.zeros((len(motion), _POSES_VALUES), dtype=np.float32)
    poses[:, :_BODY_VALUES] = axis_angle_from_matrix(
        motion.poses.local_rotations).reshape(len(motion), _BODY_VALUES)
    np.savez_compressed(
        path,
        poses=poses,
        trans=(motion.poses.root_position - SMPL_PELVIS_M).astype(np.float32),
        betas=np.zeros(16, dtype=np.float32),
        gender='neutral',
        mocap_framerate=np.float32(motion.rate_hz),
    )
