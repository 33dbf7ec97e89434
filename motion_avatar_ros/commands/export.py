# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`export`: an estimator for other runtimes, known to give what torch gives."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import json
from pathlib import Path
import sys

from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import positive_count
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.backend import BackendError, missing_packages

HELP = 'write the per-frame step of an estimator as a file for other runtimes'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('out', type=Path, metavar='OUT', help='.onnx file to write')
    parser.add_argument(
        '--model', required=True, help='name of a shipped model, or a model folder')
    parser.add_argument('--format', choices=('onnx',), default='onnx')
    parser.add_argument(
        '--streams', type=positive_count, default=1, help='people side by side, fixed in the file')
    parser.add_argument(
        '--sampler-steps', type=positive_count,
        help="of a diffusion model, fixed in the file; default: the model's own")
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Write the file, once it is checked against torch."""
    out: Path = arguments.out
    require_new_file(out, '.onnx', option='OUT')
    missing = missing_packages()
    if missing:
        raise BackendError(
            f'export needs {" and ".join(missing)}: pip install {" ".join(missing)}')
    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

    content, difference = PoseEstimator.load(
        arguments.model, 'cpu', arguments.streams,
        sampler_steps=arguments.sampler_steps).exported()
    try:
        out.write_bytes(content)
    except OSError as error:
        raise MotionAvatarError(f"OUT '{out}': {error.strerror}") from None
    sys.stdout.write(
        f"{out}: a frame of '{arguments.model}', {len(content) / 1e6:.1f} MB, at most "
        f'{difference:.1e} from torch\n')
    if arguments.json:
        sys.stdout.write(json.dumps({
            'file': str(out), 'bytes': len(content), 'largest_difference': difference}) + '\n')
    return 0
