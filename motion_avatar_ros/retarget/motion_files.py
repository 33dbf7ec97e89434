# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion files to files of a robot's joints, one or a folder of them over all cores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.mapping_file import read_mapping
from motion_avatar_ros.retarget.retargeter import Mode, Retargeter, RobotMotion
from motion_avatar_ros.retarget.robot_model import RobotModel

_BASE_COLUMNS = (
    'time_s', 'base_x', 'base_y', 'base_z', 'base_qx', 'base_qy', 'base_qz', 'base_qw')


@dataclass(frozen=True)
class RetargetJob:
    """
    What every file is retargeted with.

    Attributes:
        robot: URDF file, or an example.
        mapping: mapping file; None finds the body.
        rate_hz: of what is written.
        max_velocity_rad_s, max_acceleration_rad_s2: of every joint.
        mode: what moves.
    """

    robot: str
    mapping: str | None
    rate_hz: float
    max_velocity_rad_s: float
    max_acceleration_rad_s2: float
    mode: Mode = Mode.WHOLE_BODY


@lru_cache(maxsize=1)
def load_retargeter(job: RetargetJob) -> Retargeter:
    """Load a job's robot, once per process."""
    robot = RobotModel.load(job.robot)
    plan = None if job.mapping is None else read_mapping(job.mapping, robot)
    return Retargeter(
        robot, None, job.max_velocity_rad_s, job.max_acceleration_rad_s2, plan=plan,
        mode=job.mode)


def retarget_file(job: RetargetJob, source: Path, out: Path) -> int:
    """
    Retarget a motion file, and return its frames.

    The file appears whole or not at all, so that what exists need not be done again.
    """
    motion = load_motion(source).resampled(job.rate_hz)
    result = load_retargeter(job).follow(motion)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f'.{out.stem}.partial{out.suffix}')
    try:
        write_robot_motion(partial, result)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return len(motion)


def retarget_files(
    job: RetargetJob, pairs: Sequence[tuple[Path, Path]], jobs: int
) -> Iterator[tuple[int, str | None]]:
    """
    Retarget files (source, out) side by side, in any order of completion.

    Args:
        job: how.
        pairs: what, and to where.
        jobs: processes; -1 for one per core. A joblib backend in force, such as Dask's or Ray's,
            is used instead.

    Yields:
        Frames of a file, and why it was not retargeted or None.
    """
    from joblib import Parallel, delayed

    yield from Parallel(n_jobs=jobs, return_as='generator_unordered')(
        delayed(_attempt)(job, source, out) for source, out in pairs)


def _attempt(job: RetargetJob, source: Path, out: Path) -> tuple[int, str | None]:
    try:
        return retarget_file(job, source, out), None
    except MotionAvatarError as error:
        return 0, str(error)


def write_robot_motion(out: Path, motion: RobotMotion) -> None:
    """Write a robot's motion as .npz or .csv."""
    quaternions = quaternion_from_matrix(motion.base_rotation)
    if out.suffix == '.npz':
        np.savez_compressed(
            out, joint_names=np.array(motion.joint_names), joints=motion.joints,
            base_position=motion.base_position, base_quaternion_xyzw=quaternions,
            rate_hz=motion.rate_hz)
        return
    times = np.arange(len(motion.joints))[:, None] / motion.rate_hz
    np.savetxt(
        out, np.hstack((times, motion.base_position, quaternions, motion.joints)),
        delimiter=',', header=','.join((*_BASE_COLUMNS, *motion.joint_names)), comments='',
        fmt='%.6f')
