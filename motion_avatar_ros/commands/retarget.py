# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`retarget`: motion files to the joints of a humanoid robot."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import nullcontext
from pathlib import Path
import sys
import time
from typing import Any

from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.retarget.motion_files import (
    RetargetJob, load_retargeter, retarget_file, retarget_files,
)
from motion_avatar_ros.retarget.retargeter import (
    MAX_ACCELERATION_RAD_S2, MAX_VELOCITY_RAD_S, Mode,
)
from motion_avatar_ros.retarget.urdf import EXAMPLE_ROBOTS

HELP = 'follow motion files with a humanoid robot; writes its joints'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--motion', type=Path, required=True, metavar='FILE',
        help='AMASS-style .npz, or a folder of them')
    parser.add_argument(
        '--robot', default='g1',
        help=f'URDF file, or an example: {", ".join(EXAMPLE_ROBOTS)} (default: g1)')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FILE',
        help='.npz or .csv to write; of a folder a folder, in which files that exist are kept')
    parser.add_argument(
        '--mapping', type=Path, metavar='FILE', help='as check-robot --write makes it')
    parser.add_argument(
        '--format', choices=('npz', 'csv'), default='npz', help='of a folder (default: npz)')
    parser.add_argument(
        '--mode', choices=[mode.value for mode in Mode], default=Mode.WHOLE_BODY.value,
        help='fixed_base holds the base upright, upper_body the legs too (default: whole_body)')
    parser.add_argument('--rate-hz', type=positive_number, default=60.0)
    parser.add_argument(
        '--max-velocity', type=positive_number, default=MAX_VELOCITY_RAD_S, metavar='RAD_S',
        help='of every joint, beside the URDF (default: 3 pi)')
    parser.add_argument(
        '--max-acceleration', type=positive_number, default=MAX_ACCELERATION_RAD_S2,
        metavar='RAD_S2', help='of every joint (default: %(default)g)')
    parser.add_argument(
        '--jobs', type=int, default=-1, help='processes for a folder; -1 (default): all cores')
    parser.add_argument(
        '--backend', metavar='NAME',
        help='joblib backend instead of processes here, such as dask or ray, once installed')


def run(arguments: Namespace) -> int:
    """Retarget and write; 1 when a file of a folder could not be retargeted."""
    job = RetargetJob(
        arguments.robot, None if arguments.mapping is None else str(arguments.mapping),
        arguments.rate_hz, arguments.max_velocity, arguments.max_acceleration,
        Mode(arguments.mode))
    if arguments.motion.is_dir():
        return _run_folder(arguments, job)
    require_new_file(arguments.out, '.npz', '.csv')
    start_s = time.perf_counter()
    frames = retarget_file(job, arguments.motion, arguments.out)
    name = load_retargeter(job).robot.name
    sys.stdout.write(
        f"{frames} frames of '{name}' in {time.perf_counter() - start_s:.1f} s: "
        f'{arguments.out}\n')
    return 0


def _run_folder(arguments: Namespace, job: RetargetJob) -> int:
    source, out = arguments.motion, arguments.out
    files = sorted(source.rglob('*.npz'))
    if not files:
        raise MotionAvatarError(f"'{source}' holds no .npz")
    if out.exists() and not out.is_dir():
        raise MotionAvatarError(f"--out '{out}' is a file; of a folder it is a folder")
    if out.resolve().is_relative_to(source.resolve()):
        raise MotionAvatarError(f"--out '{out}' lies in '{source}', whose files are read")
    load_retargeter(job)  # a bad robot is refused before anything starts
    pairs = [(file, out / file.relative_to(source).with_suffix(f'.{arguments.format}'))
             for file in files]
    left = [(file, to) for file, to in pairs if not to.exists()]
    if len(left) < len(pairs):
        sys.stdout.write(f'{len(pairs) - len(left)} of {len(pairs)} files exist already\n')
    frames, problems = 0, []
    with _backend(arguments.backend), Progress('retarget', len(left), 'files') as progress:
        for count, problem in retarget_files(job, left, arguments.jobs):
            frames += count
            problems += [] if problem is None else [problem]
            progress.advance(1)
    for problem in problems:
        sys.stderr.write(f'not retargeted: {problem}\n')
    sys.stdout.write(f'{frames} frames of {len(left) - len(problems)} files: {out}\n')
    return 1 if problems else 0


def _backend(name: str | None) -> Any:
    if name is None:
        return nullcontext()
    from joblib import parallel_config

    try:
        return parallel_config(backend=name)
    except (ValueError, ImportError) as error:
        raise MotionAvatarError(f"--backend '{name}': {' '.join(str(error).split())}") from None
