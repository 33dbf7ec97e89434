# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`infer`: the whole body of a recorded clip from a few of its joints, as a motion file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys
import time

from motion_avatar_ros.body.motion import Motion, load_motion, save_motion
from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import names, positive_count, window_overlap
from motion_avatar_ros.estimation.window_overlap import WindowOverlap
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

HELP = 'infer the whole body of a motion file from its head and hands; writes a motion file'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--clip', type=Path, required=True, metavar='FILE', help='AMASS-style .npz')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FILE', help='AMASS-style .npz to write')
    parser.add_argument(
        '--model', default='baseline', help='name of a shipped model, or a folder')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument(
        '--trackers', type=names, default=TRACKER_NAMES, metavar='NAME,NAME',
        help='what is worn (default: head,left_hand,right_hand)')
    parser.add_argument(
        '--windows', type=window_overlap, nargs='?', const=WindowOverlap(),
        metavar='FRAMES,OVERLAP',
        help='in overlapping windows, side by side (default: '
             f'{WindowOverlap.frames},{WindowOverlap.overlap}); else causally')
    parser.add_argument(
        '--threads', type=positive_count, default=1, help='CPU threads of the network')


def run(arguments: Namespace) -> int:
    """Estimate and write."""
    import torch

    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
    from motion_avatar_ros.training.online_evaluation import estimate_clips

    torch.set_num_threads(arguments.threads)
    out = arguments.out
    require_new_file(out, '.npz')
    motion = load_motion(arguments.clip)
    estimator = PoseEstimator.load(
        arguments.model, arguments.device, available=arguments.trackers)
    if arguments.windows is not None:
        estimator.use_windows(arguments.windows)
    start_s = time.perf_counter()
    result = next(estimate_clips(estimator, [motion], frames_per_step=None))
    seconds = time.perf_counter() - start_s
    save_motion(out, Motion(result.poses, estimator.rate_hz))
    sys.stdout.write(
        f'{len(result.poses.root_position)} frames from {", ".join(estimator.tracker_names)} by '
        f"'{estimator.name}' in {seconds:.1f} s: {out}\n")
    return 0
