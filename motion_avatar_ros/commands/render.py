# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`render`: a motion as a strip of pictures or a video, without a display."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
import shutil
import subprocess
import sys

import numpy as np
from PIL import Image

from motion_avatar_ros.body.drawing import Solid, draw
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.body.smpl_file import load_smpl
from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError

HELP = 'draw a motion, and a robot that follows it, as a strip (.png) or a video (.gif, .mp4)'
_PERSON_RGB = (95, 140, 225)
_STRIP_PX, _VIDEO_PX = (120, 180), (360, 480)
_TALL_M = 2.1           # that fit into a picture
_ON_FLOOR = np.array([1.0, 1.0, 0.0])

#: Draws a frame as solids about the vertical through the pelvis.
Figure = Callable[[int], list[Solid]]


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--motion', type=Path, required=True, metavar='FILE', help='AMASS-style .npz')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FILE',
        help='.png: a strip; .gif or .mp4 (needs ffmpeg): a video')
    parser.add_argument('--robot', metavar='NAME', help='URDF file, or an example; drawn beside')
    parser.add_argument('--body-model', metavar='FILE', help='SMPL, SMPL-H or SMPL-X file')
    parser.add_argument('--columns', type=int, default=10, help='pictures of a strip')
    parser.add_argument('--rate-hz', type=positive_number, default=20.0, help='of a video')
    parser.add_argument(
        '--azimuth-deg', type=float, default=-50.0, help='from where: 0 looks along -x')


def run(arguments: Namespace) -> int:
    """Draw, and write."""
    require_new_file(arguments.out, '.png', '.gif', '.mp4')
    if arguments.columns < 1:
        raise MotionAvatarError(f'--columns {arguments.columns}; allowed: 1 and more')
    if arguments.out.suffix == '.mp4' and shutil.which('ffmpeg') is None:
        raise MotionAvatarError('ffmpeg, which writes .mp4, is not installed; write .gif instead')
    motion = load_motion(arguments.motion)
    if arguments.out.suffix == '.png':
        frames = np.linspace(0, len(motion) - 1, arguments.columns).round().astype(int)
        figures = _figures(motion, arguments)
        _strip(figures, frames, arguments.azimuth_deg).save(arguments.out)
    else:
        motion = motion.resampled(arguments.rate_hz)
        _write_video(
            _figures(motion, arguments), len(motion), arguments.out, arguments.rate_hz,
            arguments.azimuth_deg)
    sys.stdout.write(f'{arguments.out}\n')
    return 0


def _figures(motion: Motion, arguments: Namespace) -> list[Figure]:
    mesh = load_builtin_mesh('fine') if arguments.body_model is None else (
        load_smpl(arguments.body_model))
    skinner = Skinner(mesh)

    def person(frame: int) -> list[Solid]:
        pose = motion.poses[frame]
        return [Solid(
            skinner.skin(pose) - pose.root_position * _ON_FLOOR, mesh.faces, _PERSON_RGB)]

    if arguments.robot is None:
        return [person]
    from motion_avatar_ros.retarget.retargeter import Retargeter
    from motion_avatar_ros.retarget.robot_drawing import robot_solids, visible_shapes
    from motion_avatar_ros.retarget.solver import RobotPose

    retargeter = Retargeter.load(arguments.robot)
    shapes, followed = visible_shapes(retargeter), retargeter.follow(motion)

    def robot(frame: int) -> list[Solid]:
        place = followed.base_position[frame]
        return robot_solids(retargeter.robot, shapes, RobotPose(
            followed.base_rotation[frame], place - place * _ON_FLOOR, followed.joints[frame]))

    return [person, robot]


def _strip(figures: list[Figure], frames: np.ndarray, azimuth_deg: float) -> Image.Image:
    width, height = _STRIP_PX
    picture = Image.new('RGB', (width * len(frames), height * len(figures)), 'white')
    with Progress('render', len(frames), 'pictures') as progress:
        for column, frame in enumerate(frames):
            for row, figure in enumerate(figures):
                picture.paste(
                    draw(figure(int(frame)), _STRIP_PX, height / _TALL_M, azimuth_deg),
                    (column * width, row * height))
            progress.advance(1)
    return picture


def _write_video(
    figures: list[Figure], frames: int, out: Path, rate_hz: float, azimuth_deg: float
) -> None:
    width, height = _VIDEO_PX
    pictures = []
    with Progress('render', frames, 'frames') as progress:
        for frame in range(frames):
            picture = Image.new('RGB', (width * len(figures), height), 'white')
            for column, figure in enumerate(figures):
                picture.paste(
                    draw(figure(frame), _VIDEO_PX, height / _TALL_M, azimuth_deg),
                    (column * width, 0))
            pictures.append(picture)
            progress.advance(1)
    if out.suffix == '.gif':
        pictures[0].save(
            out, save_all=True, append_images=pictures[1:], duration=1e3 / rate_hz, loop=0)
        return
    command = [
        'ffmpeg', '-loglevel', 'error', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s',
        f'{pictures[0].width}x{pictures[0].height}', '-r', f'{rate_hz:g}', '-i', '-',
        '-pix_fmt', 'yuv420p', str(out)]
    result = subprocess.run(
        command, input=b''.join(picture.tobytes() for picture in pictures), capture_output=True)
    if result.returncode != 0:
        raise MotionAvatarError(f'ffmpeg: {" ".join(result.stderr.decode().split())}')
