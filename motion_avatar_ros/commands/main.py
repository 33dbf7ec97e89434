# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The `motion_avatar` command: dispatches to the module of a sub-command."""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module
import sys

from motion_avatar_ros.errors import MotionAvatarError

#: Sub-commands; each is a module here with HELP, add_arguments(parser) and run(arguments).
COMMANDS = (
    'benchmark', 'calibrate', 'calibrate-confidence', 'check-robot', 'demo', 'edit', 'evaluate',
    'gallery', 'generate', 'infer', 'latency-report', 'prepare', 'record', 'render', 'report',
    'retarget', 'train')


def main(argv: list[str] | None = None) -> int:
    """Run the command line; a user's mistake gets one line on standard error and status 2."""
    given = sys.argv[1:] if argv is None else argv
    # Importing all of them takes seconds: the one that is asked for is enough where there is one.
    names = given[:1] if given[:1] and given[0] in COMMANDS else COMMANDS
    parser = ArgumentParser(prog='motion_avatar', description='Live avatars from three trackers.')
    subparsers = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name in names:
        module = import_module(f'motion_avatar_ros.commands.{name.replace("-", "_")}')
        subparser = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    arguments = parser.parse_args(given)
    try:
        return arguments.run(arguments)
    except MotionAvatarError as error:
        sys.stderr.write(f'motion_avatar {arguments.command}: {error}\n')
        return 2
    except KeyboardInterrupt:
        return 130
