# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`prepare`: AMASS, BVH or HumanML3D made into a folder to train on."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from pathlib import Path
import sys

from motion_avatar_ros.commands.option_types import amount, positive_number
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError

HELP = 'make AMASS, BVH or HumanML3D into a folder to train on'
_MOST_PROBLEMS = 20


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        'source', type=Path, metavar='SOURCE',
        help='folder of AMASS-style .npz and of .bvh, one such file, or HumanML3D')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='DIR',
        help='folder to write; files in it that exist are kept')
    parser.add_argument(
        '--amass', type=Path, metavar='DIR', help='for HumanML3D: folder of the sets of AMASS')
    parser.add_argument(
        '--rate-hz', type=positive_number, default=60.0,
        help='what is faster is brought down to it (default: %(default)g)')
    for split in ('val', 'test'):
        parser.add_argument(
            f'--{split}-share', type=_share, default=0.05, metavar='SHARE',
            help=f"of the subjects for '{split}', where SOURCE has no splits (default: 0.05)")
    parser.add_argument(
        '--jobs', type=int, default=-1, help='processes; -1 (default): all cores')


def run(arguments: Namespace) -> int:
    """Prepare; 1 when a file could not be."""
    from motion_avatar_ros.training.humanml3d import INDEX_FILE, is_humanml3d, plan_humanml3d
    from motion_avatar_ros.training.preparation import plan_clips, prepare_pieces, write_lists

    source, out = arguments.source, arguments.out
    if out.exists() and not out.is_dir():
        raise MotionAvatarError(f"--out '{out}' is a file; it should be a folder")
    if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
        raise MotionAvatarError(f"--out '{out}' lies in '{source}', whose files are read")
    if arguments.val_share + arguments.test_share >= 1.0:
        raise MotionAvatarError('--val-share and --test-share leave nothing to train on')
    if arguments.jobs == 0:
        raise MotionAvatarError('--jobs 0: allowed are -1, for all cores, and 1 or more')
    is_known = is_humanml3d(source)
    if is_known != (arguments.amass is not None):
        raise MotionAvatarError(
            f"'{source}' is HumanML3D: name the folder of AMASS' sets with --amass"
            if is_known else
            f"--amass: '{source}' is no HumanML3D, which has an {INDEX_FILE}")
    plan = plan_humanml3d(source, arguments.amass) if is_known else plan_clips(
        source, arguments.val_share, arguments.test_share)
    problems = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        with Progress('prepare', len(plan.pieces), 'files') as progress:
            for _, problem in prepare_pieces(
                    plan.pieces, out, arguments.rate_hz, arguments.jobs):
                problems += [] if problem is None else [problem]
                progress.advance(1)
        write_lists(plan, out)
    except OSError as error:
        raise MotionAvatarError(f"--out '{out}' cannot be written: {error}") from None
    for problem in problems[:_MOST_PROBLEMS]:
        sys.stderr.write(f'not prepared: {problem}\n')
    if len(problems) > _MOST_PROBLEMS:
        sys.stderr.write(f'not prepared: {len(problems) - _MOST_PROBLEMS} more\n')
    for reason, count in plan.left_out.items():
        sys.stdout.write(f'left out: {count} {reason}\n')
    counts = Counter(
        plan.splits.get(piece.out, 'no split') for piece in plan.pieces
        if (out / piece.out).is_file())
    written = ', '.join(f'{count} {split}' for split, count in sorted(counts.items()))
    sys.stdout.write(f'{sum(counts.values())} files ({written or "none"}): {out}\n')
    return 1 if problems else 0


def _share(text: str) -> float:
    value = amount(text)
    if value >= 1.0:
        raise ArgumentTypeError(f"'{text}' is not a share from 0 to below 1")
    return value
