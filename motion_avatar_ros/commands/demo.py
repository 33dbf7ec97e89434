# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`demo`: player, avatar, mesh and page as processes over DDS, checked from outside."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
import json
import math
import os
from pathlib import Path
import signal
import sys
import tempfile
import threading

from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.procedural_motion import MOTION_NAMES
from motion_avatar_ros.commands.demo_environment import demo_environment
from motion_avatar_ros.commands.demo_nodes import DemoNodes
from motion_avatar_ros.commands.node_processes import NodeProcesses
from motion_avatar_ros.errors import MotionAvatarError

HELP = 'show a body that follows three played trackers, on a web page; no hardware needed'

_LATER = {'bag': 'playing a bag', 'sim': 'a simulated robot'}


class DemoError(MotionAvatarError):
    """A demo that cannot be run as asked."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    motion = parser.add_mutually_exclusive_group()
    motion.add_argument('--clip', type=Path, metavar='FILE', help='AMASS-style .npz to play')
    motion.add_argument(
        '--motion', choices=MOTION_NAMES, default='mix', help='built-in motion (default: mix)')
    motion.add_argument('--bag', metavar='FILE', help='not in this version')
    parser.add_argument('--sim', action='store_true', help='not in this version')
    parser.add_argument(
        '--model', default='baseline', help='name of a shipped model, or a folder')
    parser.add_argument('--device', choices=('auto', 'cpu', 'cuda'), default='auto')
    parser.add_argument(
        '--rate-hz', type=_positive, default=60.0, help='rate of the played trackers')
    parser.add_argument(
        '--duration', type=_positive, metavar='S',
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
    for option, what in _LATER.items():
        if getattr(arguments, option):
            raise DemoError(f'--{option}: {what} is not in this version')
    if arguments.clip is not None:
        load_motion(arguments.clip)  # a bad file is refused before anything starts
    with (
        _StopSignals() as must_stop,
        demo_environment(os.environ) as added,
        tempfile.TemporaryDirectory(prefix='motion_avatar_demo_') as log_folder,
    ):
        environment = {**os.environ, **added}
        with NodeProcesses(environment, Path(log_folder)) as processes:
            nodes = DemoNodes(
                model=arguments.model, device=arguments.device, clip=arguments.clip,
                motion=arguments.motion, rate_hz=arguments.rate_hz,
                port=None if arguments.headless else arguments.port)
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


class _StopSignals:
    """SIGINT and SIGTERM as an event, also where a shell has ignored SIGINT."""

    def __enter__(self) -> threading.Event:
        must_stop = threading.Event()
        self._before = {
            number: signal.signal(number, lambda *_: must_stop.set())
            for number in (signal.SIGINT, signal.SIGTERM)}
        return must_stop

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _say(is_json: bool) -> Callable[[str], None]:
    stream = sys.stderr if is_json else sys.stdout

    def say(line: str) -> None:
        stream.write(line + '\n')
        stream.flush()

    return say


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0.0):
        raise ArgumentTypeError(f"'{text}' is not a positive number")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"'{text}' is not a port, 0 .. 65535")
    return int(text)
