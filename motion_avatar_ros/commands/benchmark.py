# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`benchmark`: how long things take, beside a reference, and how good generated motion is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from motion_avatar_ros.commands import (
    benchmark_end_to_end, benchmark_estimator, benchmark_generation, benchmark_generator,
    benchmark_mesh, benchmark_retarget, benchmark_scaling,
)

HELP = 'measure how long a frame takes, or how good generated motion is'
_KINDS = {
    'end-to-end': (benchmark_end_to_end, 'lag from tracker to body and robot, beside an echo'),
    'estimator': (benchmark_estimator, 'a model, beside the baseline'),
    'generation': (benchmark_generation, 'generated motion, beside real and trivial motion'),
    'generator': (benchmark_generator, 'motion from words, beside the same without keys kept'),
    'mesh': (benchmark_mesh, 'the mesh as a Marker, beside one built of Points'),
    'retarget': (benchmark_retarget, 'the robot solver, beside mink and pink'),
    'scaling': (benchmark_scaling, 'a model against window, steps, width and operators'),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    kinds = parser.add_subparsers(dest='what', required=True, metavar='WHAT')
    for name, (module, text) in _KINDS.items():
        module.add_arguments(kinds.add_parser(name, help=text, description=text))


def run(arguments: Namespace) -> int:
    """Measure."""
    return _KINDS[arguments.what][0].run(arguments)
