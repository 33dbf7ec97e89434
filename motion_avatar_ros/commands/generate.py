# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`generate`: a motion file from a sentence."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import sys
import time

from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import positive_count

HELP = 'make a motion file from a sentence'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('model', help='name of a generator, or its folder')
    parser.add_argument('--text', default='', help='what is to be done; any motion without it')
    parser.add_argument(
        '--frames', type=int, default=196, help='length, 20 frames a second (default: 196)')
    parser.add_argument('--seed', type=int, default=1, help='the same motion for the same seed')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FILE', help='AMASS-style .npz to write')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument(
        '--threads', type=positive_count, default=1, help='CPU threads of the network')


def run(arguments: Namespace) -> int:
    """Generate and write."""
    import torch

    from motion_avatar_ros.body.motion import save_motion
    from motion_avatar_ros.generation.motion_features import motion_from_features
    from motion_avatar_ros.generation.request_checks import check_frames
    from motion_avatar_ros.generation.prompt_text import checked_prompt
    from motion_avatar_ros.generation.text_to_motion import load_generator

    # What a user got wrong is said before a model is loaded.
    require_new_file(arguments.out, '.npz')
    text = checked_prompt(arguments.text)
    check_frames(arguments.frames)
    torch.set_num_threads(arguments.threads)
    generator = load_generator(arguments.model, arguments.device)
    start_s = time.perf_counter()
    features, = generator.generate([text], [arguments.frames], arguments.seed)
    seconds = time.perf_counter() - start_s
    save_motion(arguments.out, motion_from_features(features))
    sys.stdout.write(
        f"{len(features)} frames by '{generator.name}' in {seconds:.2f} s: {arguments.out}\n")
    return 0
