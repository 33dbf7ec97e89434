# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`demo`: player, avatar, mesh, robot and page as processes over DDS, checked from outside.

With `--generate` a generator is in place of player and avatar; with `--legs` it is under them.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
import json
import os
from pathlib import Path
import sys
import tempfile

from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.procedural_motion import MOTION_NAMES
from motion_avatar_ros.commands.demo_environment import demo_environment
from motion_avatar_ros.commands.demo_nodes import DemoNodes
from motion_avatar_ros.commands.node_processes import NodeProcesses
from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.commands.stop_signals import StopSignals
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.prompt_text import checked_prompt

HELP = 'show a body and a robot that follow three played trackers, or words, on a web page'

_USUAL_ROBOT, _USUAL_MOTION = 'g1', 'mix'


class DemoError(MotionAvatarError):
    """A demo that cannot be run as asked."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--generate', nargs='?', const='', metavar='PROMPT',
        help='the body is made of words, typed on the page, in place of trackers; PROMPT is what '
        'it does first (default: stand)')
    parser.add_argument(
        '--legs', action='store_true',
        help='with --generate: only pelvis and legs are made of words, under the body that '
        'follows the trackers')
    motion = parser.add_mutually_exclusive_group()
    motion.add_argument('--clip', type=Path, metavar='FILE', help='AMASS-style .npz to play')
    motion.add_argument(
        '--motion', choices=MOTION_NAMES, help=f'built-in motion (default: {_USUAL_MOTION})')
    motion.add_argument(
        '--bag', type=Path, metavar='FOLDER',
        help='rosbag2 bag of trackers on /tf to play, as `record` writes; or its file')
    parser.add_argument(
        '--robot', metavar='NAME',
        help='URDF file, or an example robot, that follows the body on the page; none for none '
        '(default: g1 where example-robot-data is installed)')
    parser.add_argument(
        '--sim', action='store_true',
        help='engage a simulated robot (MuJoCo, base held) and tell how well it follows')
    parser.add_argument(
        '--model',
        help='name of a shipped model, or a folder (default: baseline; with --generate mosa)')
    parser.add_argument('--device', choices=('auto', 'cpu', 'cuda'), default='auto')
    parser.add_argument(
        '--rate-hz', type=positive_number, default=60.0,
        help='rate of the played trackers, or of the generated body (then 30 to 240)')
    parser.add_argument(
        '--duration', type=positive_number, metavar='S',
        help='end after measuring for so many seconds (default: at Ctrl-C)')
    parser.add_argument('--headless', action='store_true', help='no web page')
    parser.add_argument(
        '--port', type=_port, default=0,
        help='of the page; 0 (default) takes the first free one from 8080 on')
    parser.add_argument(
        '--composed', action='store_true', help='all nodes in one process and one executor')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Run the demo; 0 when the body followed, 1 when not or when a node ended."""
    prompt = _prompt(arguments)
    if arguments.clip is not None:
        load_motion(arguments.clip)  # a bad file is refused before anything starts
    if arguments.bag is not None:
        from motion_avatar_ros.commands.demo_bag import check_bag

        check_bag(arguments.bag)
    robot = _robot(arguments.robot, arguments.sim)
    with (
        StopSignals() as must_stop,
        demo_environment(os.environ) as added,
        tempfile.TemporaryDirectory(prefix='motion_avatar_demo_') as log_folder,
    ):
        environment = {**os.environ, **added}
        with NodeProcesses(environment, Path(log_folder)) as processes:
            nodes = DemoNodes(
                model=arguments.model or ('baseline' if prompt is None else 'mosa'),
                device=arguments.device, clip=arguments.clip,
                bag=arguments.bag, motion=arguments.motion or _USUAL_MOTION,
                rate_hz=arguments.rate_hz,
                port=None if arguments.headless else arguments.port, robot=robot,
                is_simulated=arguments.sim, prompt=prompt, is_legs=arguments.legs)
            nodes.start(processes, is_composed=arguments.composed)
            os.environ.update(added)  # this process joins the same domain

            from motion_avatar_ros.commands.demo_watch import DemoWatch

            with DemoWatch(processes, nodes, must_stop, _say(arguments.json)) as watch:
                outcome = watch.run(arguments.duration)
    if arguments.json:
        sys.stdout.write(json.dumps(outcome.json_values) + '\n')
        sys.stdout.flush()
    if outcome.problem is not None:
        sys.stderr.write(f'motion_avatar demo: {outcome.problem}\n')
    return outcome.status


def _prompt(arguments: Namespace) -> str | None:
    """Return what is done at first, None where nothing is made of words."""
    if arguments.generate is None:
        if arguments.legs:
            raise DemoError('--legs are made of words: give --generate too')
        return None
    for played in ('clip', 'bag', 'motion'):
        if getattr(arguments, played) is not None and not arguments.legs:
            raise DemoError(f'--generate is in place of --{played}, unless there is --legs too')
    return checked_prompt(arguments.generate)


def _robot(asked: str | None, is_simulated: bool) -> str | None:
    """Return the robot to show, or None; a bad one is refused before anything starts."""
    from motion_avatar_ros.retarget.simulation_model import load_mujoco
    from motion_avatar_ros.retarget.urdf import EXAMPLE_ROBOTS, UrdfError, find_urdf

    if is_simulated and asked == 'none':
        raise DemoError('--sim needs a robot, and --robot is none')
    if is_simulated:
        load_mujoco()
    if asked == 'none':
        return None
    name = asked or _USUAL_ROBOT
    try:
        path = find_urdf(name)
    except UrdfError:
        if asked is None and not is_simulated:
            return None
        raise
    return name if name in EXAMPLE_ROBOTS else str(path.resolve())


def _say(is_json: bool) -> Callable[[str], None]:
    stream = sys.stderr if is_json else sys.stdout

    def say(line: str) -> None:
        stream.write(line + '\n')
        stream.flush()

    return say


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"'{text}' is not a port, 0 .. 65535")
    return int(text)
