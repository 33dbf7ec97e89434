# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`benchmark end-to-end`: from a tracker's stamp to body, robot and command, over real DDS.

All nodes of the demo run, the page open and the simulated robot engaged, as separate processes
and composed in one; beside them, in the same run, an echo node on the same way as the floor. Lags
are reception in this process minus the player's stamp, as any subscriber sees them.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import json
import os
from pathlib import Path
import sys
import tempfile
from typing import Any

from motion_avatar_ros.commands.demo_environment import demo_environment
from motion_avatar_ros.commands.demo_nodes import DemoNodes
from motion_avatar_ros.commands.option_types import positive_number
from motion_avatar_ros.commands.stop_signals import StopSignals

FORMS = ('separate', 'composed')


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('--model', default='mage', help='name of a model, or its folder')
    parser.add_argument('--device', default='auto', choices=('auto', 'cpu', 'cuda'))
    parser.add_argument(
        '--rate-hz', type=positive_number, default=60.0, help='rate of the played trackers')
    parser.add_argument('--form', choices=FORMS, help='measure this one only')
    parser.add_argument('--robot', default='g1', help='URDF file, or an example robot')
    parser.add_argument('--no-page', action='store_true', help='no viewer_node')
    parser.add_argument(
        '--seconds', type=positive_number, default=30.0, help='of each measurement')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Measure the floor, then each form."""
    from motion_avatar_ros.retarget.simulation_model import load_mujoco
    from motion_avatar_ros.retarget.urdf import find_urdf

    load_mujoco()
    find_urdf(arguments.robot)
    nodes = DemoNodes(
        model=arguments.model, device=arguments.device, clip=None, bag=None, motion='mix',
        rate_hz=arguments.rate_hz, port=None if arguments.no_page else 0,
        robot=arguments.robot, is_simulated=True)
    with (
        StopSignals() as must_stop,
        demo_environment(os.environ) as added,
        tempfile.TemporaryDirectory(prefix='motion_avatar_benchmark_') as folder,
    ):
        os.environ.update(added)
        # Imports rclpy, which reads the environment.
        from motion_avatar_ros.commands.lag_measurement import LagMeasurement

        measurement = LagMeasurement(nodes, Path(folder), arguments.seconds, must_stop)
        figures: dict[str, Any] = {'floor': measurement.of_floor()}
        _say('floor', figures['floor'])
        for form in FORMS if arguments.form is None else (arguments.form,):
            figures[form] = measurement.of_form(is_composed=form == 'composed')
            _say(form, figures[form])
    if arguments.json:
        sys.stdout.write(json.dumps(_json_values(figures)) + '\n')
    return 0


def _json_values(figures: dict[str, Any]) -> dict[str, Any]:
    """Put the figures of the first form on top, as `demo` has them, and all below."""
    form = figures[next(name for name in FORMS if name in figures)]
    names = ('input_rate_hz', 'output_rate_hz', 'latency_p50_ms', 'latency_p99_ms', 'dropped')
    floor_ms = figures['floor']['latency_p50_ms']
    return {
        **{name: form[name] for name in names},
        'ratio_to_floor': round(form['latency_p50_ms'] / floor_ms, 3),
        **figures}


def _say(what: str, figures: dict[str, Any]) -> None:
    lags = ', '.join(
        f'{name} {figures[f"{key}_p50_ms"]:.1f} / {figures[f"{key}_p99_ms"]:.1f} / '
        f'{figures[f"{key}_max_ms"]:.1f}'
        for name, key in (('body', 'latency'), ('robot', 'robot'), ('command', 'command'))
        if f'{key}_p50_ms' in figures)
    percent = sum(figures['processor_percent'].values())
    sys.stdout.write(
        f'{what}: {figures["output_rate_hz"]:.1f} Hz, p50 / p99 / max ms: {lags}; '
        f'{figures.get("dropped", 0)} dropped; {percent:.0f} % of a core, '
        f'{sum(figures["memory_mb"].values()):.0f} MB\n')
    sys.stdout.flush()
