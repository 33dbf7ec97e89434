# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`report`: evaluations as one HTML page that can be sent, kept and printed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys

from motion_avatar_ros.commands.evaluation_file import read_evaluation
from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.report_page import report_page
from motion_avatar_ros.errors import MotionAvatarError

HELP = 'make one HTML page of what `evaluate --json` printed, several files side by side'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        'evaluations', type=Path, nargs='+', metavar='EVALUATION.json',
        help='what `evaluate --json` or --json-clips printed: the object, or all of it')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='PAGE.html', help='must not exist')


def run(arguments: Namespace) -> int:
    """Read everything, then write the page."""
    out = arguments.out
    require_new_file(out, '.html')
    page = report_page([read_evaluation(path) for path in arguments.evaluations])
    try:
        with out.open('x', encoding='utf-8') as file:
            file.write(page)
    except OSError as error:
        raise MotionAvatarError(f"--out '{out}': cannot be written: {error.strerror}") from None
    sys.stdout.write(f'{out}: {len(page.encode()) / 1e3:.0f} kB\n')
    return 0
