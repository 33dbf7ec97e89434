# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`retarget`: a motion file to the joints of a humanoid robot."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys
import time

import numpy as np

from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.retarget.retargeter import (
    MAX_ACCELERATION_RAD_S2, MAX_VELOCITY_RAD_S, Retargeter, RobotMotion,
)
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.urdf import EXAMPLE_ROBOTS

HELP = 'follow a motion file with a humanoid robot; writes its joints (not for a real robot yet)'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--clip', type=Path, required=True, metavar='FILE', help='AMASS-style .npz')
    parser.add_argument(
        '--robot', default='g1',
        help=f'URDF file, or an example: {", ".join(EXAMPLE_ROBOTS)} (default: g1)')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FILE', help='.npz or .csv to write')
    parser.add_argument('--rate-hz', type=positive_number, default=60.0)
    parser.add_argument(
        '--max-velocity', type=positive_number, default=MAX_VELOCITY_RAD_S, metavar='RAD_S',
        help='of every joint, beside the URDF (default: 3 pi)')
    parser.add_argument(
        '--max-acceleration', type=positive_number, default=MAX_ACCELERATION_RAD_S2,
        metavar='RAD_S2', help='of every joint (default: %(default)g)')


def run(arguments: Namespace) -> int:
    """Retarget and write."""
    out = arguments.out
    require_new_file(out, '.npz', '.csv')
    motion = load_motion(arguments.clip).resampled(arguments.rate_hz)
    retargeter = Retargeter(
        RobotModel.load(arguments.robot), None, arguments.max_velocity,
        arguments.max_acceleration)
    start_s = time.perf_counter()
    result = retargeter.follow(motion)
    seconds = time.perf_counter() - start_s
    _write(out, result)
    sys.stdout.write(
        f"{len(motion)} frames of '{retargeter.robot.name}' in {seconds:.1f} s: {out}\n")
    return 0


def _write(out: Path, motion: RobotMotion) -> None:
    quaternions = quaternion_from_matrix(motion.base_rotation)
    if out.suffix == '.npz':
        np.savez_compressed(
            out, joint_names=np.array(motion.joint_names), joints=motion.joints,
            base_position=motion.base_position, base_quaternion_xyzw=quaternions,
            rate_hz=motion.rate_hz)
        return
    names = ('time_s', 'base_x', 'base_y', 'base_z', 'base_qx', 'base_qy', 'base_qz', 'base_qw',
             *motion.joint_names)
    times = np.arange(len(motion.joints))[:, None] / motion.rate_hz
    np.savetxt(
        out, np.hstack((times, motion.base_position, quaternions, motion.joints)),
        delimiter=',', header=','.join(names), comments='', fmt='%.6f')
