# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`edit`: parts of a motion file made anew to a sentence, or a motion carried on."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
import math
from pathlib import Path
import sys
from typing import TYPE_CHECKING

import numpy as np

from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import amount, positive_count, positive_number
from motion_avatar_ros.errors import MotionAvatarError

if TYPE_CHECKING:
    from motion_avatar_ros.generation.text_to_motion import TextToMotion

HELP = 'make parts of a motion file anew to a sentence, or carry it on'
_FADE_FRAMES = 8


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('model', help='name of a generator, or its folder')
    parser.add_argument(
        '--motion', type=Path, required=True, metavar='FILE', help='AMASS-style .npz')
    parser.add_argument('--text', default='', help='what is to be done; anything without it')
    parser.add_argument(
        '--remake', type=_stretch, action='append', default=[], metavar='FROM,TO',
        help='seconds to make anew, such as 2,4.5; "2," to the end; may be given several times')
    parser.add_argument(
        '--extend', type=positive_number, metavar='SECONDS', help='carry the motion on')
    parser.add_argument(
        '--part', action='append', default=[], metavar='NAME',
        help='scalemogen: a part of the body, such as left_arm, that alone may change; may be '
        'given several times')
    parser.add_argument(
        '--was', metavar='TEXT',
        help='scalemogen: what the motion is now; no more is changed than --text asks for')
    parser.add_argument('--seed', type=int, default=1, help='the same motion for the same seed')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FILE', help='AMASS-style .npz to write')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument(
        '--threads', type=positive_count, default=1, help='CPU threads of the network')


def run(arguments: Namespace) -> int:
    """Edit and write."""
    import torch

    from motion_avatar_ros.body.motion import load_motion, save_motion
    from motion_avatar_ros.generation.motion_features import (
        FRAME_RATE_HZ, features_from_motion, motion_from_features,
    )
    from motion_avatar_ros.generation.motion_windows import with_kept_frames
    from motion_avatar_ros.generation.request_checks import check_frames
    from motion_avatar_ros.generation.prompt_text import checked_prompt
    from motion_avatar_ros.generation.text_to_motion import load_generator

    require_new_file(arguments.out, '.npz')
    text = checked_prompt(arguments.text)
    is_whole = not (arguments.remake or arguments.extend)
    if is_whole and not arguments.part and arguments.was is None:
        raise MotionAvatarError(
            'nothing to do: give --remake FROM,TO, --extend SECONDS, --part NAME or --was TEXT')
    motion = load_motion(arguments.motion)
    extra = round((arguments.extend or 0.0) * FRAME_RATE_HZ)
    check_frames(extra + math.ceil(motion.duration_s * FRAME_RATE_HZ))
    source = features_from_motion(motion.resampled(FRAME_RATE_HZ))
    is_kept = np.full(len(source), not is_whole)
    for start_s, end_s in arguments.remake:
        frames = np.arange(len(source)) / FRAME_RATE_HZ
        is_remade = (frames >= start_s) & (frames < end_s)
        if not is_remade.any():
            raise MotionAvatarError(
                f'--remake {start_s:g},{end_s:g}: the motion has '
                f'{len(source) / FRAME_RATE_HZ:g} s')
        is_kept &= ~is_remade
    source = np.pad(source, ((0, extra), (0, 0)), mode='edge')
    is_kept = np.pad(is_kept, (0, extra))

    torch.set_num_threads(arguments.threads)
    generator = load_generator(arguments.model, arguments.device)
    made = _made(generator, source, is_kept, arguments, text)
    edited = with_kept_frames(made, source, is_kept, _FADE_FRAMES)
    save_motion(arguments.out, motion_from_features(edited))
    sys.stdout.write(
        f"{int((~is_kept).sum())} of {len(edited)} frames by '{generator.name}': "
        f'{arguments.out}\n')
    return 0


def _made(
    generator: TextToMotion, source: np.ndarray, is_kept: np.ndarray, arguments: Namespace,
    text: str,
) -> np.ndarray:
    from motion_avatar_ros.generation.scalemogen import ScaleMoGen
    from motion_avatar_ros.networks.skeleton_parts import BODY_PART_NAMES

    parts = arguments.part or BODY_PART_NAMES
    if not arguments.part and arguments.was is None:
        return generator.edit(source, is_kept, text, arguments.seed)
    if not isinstance(generator, ScaleMoGen):
        raise MotionAvatarError(
            f"--part and --was: '{generator.name}' remakes whole bodies; scalemogen has these")
    if arguments.was is None:
        return generator.edit_parts(source, is_kept, parts, text, arguments.seed)
    return generator.reword(source, is_kept, parts, arguments.was, text, arguments.seed)


def _stretch(text: str) -> tuple[float, float]:
    """Return a stretch of time [s] from its beginning and its end."""
    start, separator, end = text.partition(',')
    stretch = amount(start), amount(end) if end.strip() else math.inf
    if not separator or stretch[0] >= stretch[1]:
        raise ArgumentTypeError(f"'{text}' is not FROM,TO: seconds, the first ones less")
    return stretch
