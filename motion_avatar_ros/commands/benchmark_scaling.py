# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`benchmark scaling`: what a frame of a model costs against its window, steps, width and operators.

Random weights of the shipped model's sizes, of which one is changed at a time; all are timed in
turns, in one run, against the model as it is shipped.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

import numpy as np

from motion_avatar_ros.commands.benchmark_estimator import stepper
from motion_avatar_ros.commands.option_types import positive_count
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.commands.scaling_chart import scaling_chart

_WARM_UP_FRAMES = 10    # after the estimator's own
_FACTORS = {'window': (0.5, 1.0, 2.0, 4.0), 'width': (0.5, 1.0, 2.0, 4.0)}
_STEPS = (1, 2, 4, 8)
_OPERATORS = (1, 2, 4, 8, 16)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('--model', default='mage', choices=('mage', 'sage'))
    parser.add_argument('--device', default='auto', choices=('auto', 'cpu', 'cuda'))
    parser.add_argument('--threads', type=positive_count, default=1, help='CPU threads')
    parser.add_argument(
        '--frames', type=positive_count, default=200, help='timed frames of each point')
    parser.add_argument('--svg', type=Path, metavar='FILE', help='write a chart')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Time each point."""
    import torch

    torch.set_num_threads(arguments.threads)
    with TemporaryDirectory() as place:
        points = _points(arguments.model, arguments.device, Path(place))
        seconds = np.empty((arguments.frames, len(points)))
        with Progress(arguments.model, arguments.frames, 'frames') as progress:
            for frame in range(-_WARM_UP_FRAMES, arguments.frames):
                for number, step in enumerate(points.values()):
                    start_s = time.perf_counter()
                    step()
                    if frame >= 0:
                        seconds[frame, number] = time.perf_counter() - start_s
                if frame >= 0:
                    progress.advance(1)
    medians_ms = dict(zip(points, (1e3 * np.median(seconds, axis=0)).tolist(), strict=True))
    axes: dict[str, dict[str, float]] = {}
    for (axis, size), median_ms in medians_ms.items():
        axes.setdefault(axis, {})[f'{size:g}'] = round(median_ms, 3)
    for axis, costs in axes.items():
        told = ', '.join(f'{size}: {cost_ms:.2f}' for size, cost_ms in costs.items())
        sys.stdout.write(f'{arguments.model}, ms a frame by {axis}: {told}\n')
    if arguments.svg is not None:
        arguments.svg.write_text(scaling_chart(arguments.model, axes), encoding='utf-8')
    if arguments.json:
        operators = axes['operators']
        sys.stdout.write(json.dumps({
            'model': arguments.model, 'threads': arguments.threads, 'median_ms': axes,
            'ratio_of_8_operators_to_1': round(operators['8'] / operators['1'], 3)}) + '\n')
    return 0


def _points(
    model: str, device: str, place: Path
) -> Mapping[tuple[str, float], Callable[[], None]]:
    """Return what infers one frame, by axis and size."""
    from motion_avatar_ros.estimation.model_folder import find_model, read_config
    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
    from motion_avatar_ros.estimation.random_mage import write_random_mage
    from motion_avatar_ros.estimation.random_sage import write_random_sage
    from motion_avatar_ros.networks.mage import MageConfig
    from motion_avatar_ros.networks.sage import SageConfig
    from motion_avatar_ros.training.configuration import from_mapping

    shipped = read_config(find_model(model))
    kind, window = (MageConfig, 'band') if model == 'mage' else (SageConfig, 'window')
    write: Callable[..., Path] = write_random_mage if model == 'mage' else write_random_sage
    config: Any = from_mapping(kind, shipped['network'], 'network')
    steps = int(shipped['sampler']['steps'])
    count = 0

    def point(config: Any, steps: int, operators: int = 1) -> Callable[[], None]:
        nonlocal count
        count += 1
        folder = write(place / str(count), steps=steps, config=config)
        estimator = PoseEstimator.load(folder, device, streams=operators)
        estimator.warm_up()
        return stepper(estimator)

    points = {}
    for axis, name in (('window', window), ('width', 'width')):
        for factor in _FACTORS[axis]:
            size = int(factor * asdict(config)[name])
            points[axis, float(size)] = point(replace(config, **{name: size}), steps)
    for size in _STEPS:
        points['steps', float(size)] = point(config, size)
    for size in _OPERATORS:
        points['operators', float(size)] = point(config, steps, size)
    return points
