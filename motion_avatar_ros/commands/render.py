# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`render`: a motion as a strip of pictures or a video, without a display."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import shutil
import subprocess
import sys

from PIL import Image

from motion_avatar_ros.body.drawing import Solid, draw
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.body.smpl_file import load_smpl
from motion_avatar_ros.commands.film_strip import (
    ON_FLOOR, TALL_M, Figure, even_frames, film_strip, person_figure,
)
from motion_avatar_ros.commands.new_file import require_new_file
from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError

HELP = 'draw a motion, and a robot that follows it, as a strip (.png) or a video (.gif, .mp4)'
_STRIP_PX, _VIDEO_PX = (120, 180), (360, 480)


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
        with Progress('render', arguments.columns, 'pictures') as progress:
            film_strip(
                _figures(motion, arguments), even_frames(len(motion), arguments.columns),
                _STRIP_PX, arguments.azimuth_deg, lambda: progress.advance(1),
            ).save(arguments.out)
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
    person = person_figure(motion, mesh)
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
            followed.base_rotation[frame], place - place * ON_FLOOR, followed.joints[frame]))

    return [person, robot]


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
                    draw(figure(frame), _VIDEO_PX, height / TALL_M, azimuth_deg),
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
