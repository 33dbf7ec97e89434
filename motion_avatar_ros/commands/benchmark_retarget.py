# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`benchmark retarget`: the robot solver beside mink and pink, on the same tasks and frames.

Ours counts everything: targets, tasks, limits of position, velocity and acceleration, parts kept
apart, feet held. The others are given the targets; of acceleration and feet they know nothing,
and only `apart` keeps parts from each other.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import fields
import json
from pathlib import Path
import sys
import time
from typing import Any

import numpy as np

from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.commands.option_types import names
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.retarget.motion_quality import MotionJudge
from motion_avatar_ros.retarget.reference_solvers import (
    MinkSolver, PinkSolver, ReferenceMissingError,
)
from motion_avatar_ros.retarget.retargeter import Retargeter, RobotMotion
from motion_avatar_ros.retarget.targets import Targets

_RATE_HZ = 60.0
_UNTIMED_FRAMES = 5     # of each clip: the first is solved from afar
_UNJUDGED_FRAMES = 30
_OURS = 'this package'

#: Follows a frame of a motion, whose targets are given.
Follow = Callable[[Motion, Targets, int], Any]


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('--robot', default='g1', help='URDF file, or an example (default: g1)')
    parser.add_argument(
        '--data', type=Path, metavar='DIR',
        help='folder of AMASS-style motion, of which the split is taken; default: built-in motion')
    parser.add_argument('--split', default='test', help='of its splits.json (default: test)')
    parser.add_argument(
        '--sets', type=names, metavar='NAME,NAME', help='first folders to use')
    parser.add_argument(
        '--every', type=int, default=1, metavar='N', help='take every Nth clip only')
    parser.add_argument('--only-ours', action='store_true', help='without mink and pink')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Follow all motions with each solver."""
    retargeter = Retargeter.load(arguments.robot)
    solvers = _solvers(retargeter, arguments.only_ours)
    motions = _motions(arguments)
    rows = {
        name: _measured(name, reset, follow, retargeter, motions)
        for name, (reset, follow) in solvers.items()}
    _print(retargeter, rows)
    if arguments.json:
        ours = rows[_OURS]
        values: dict[str, Any] = {'robot': retargeter.robot.name, **ours}
        for name, row in rows.items():
            if name != _OURS:
                values[f"ratio_to_{name.replace(' ', '_')}"] = (
                    row['median_ms'] / ours['median_ms'])
        sys.stdout.write(json.dumps({**values, 'solvers': rows}) + '\n')
    return 0


def _solvers(
    retargeter: Retargeter, is_alone: bool
) -> dict[str, tuple[Callable[[], None], Follow]]:
    solver = retargeter.solver

    def ours(motion: Motion, _: Targets, frame: int) -> Any:
        return retargeter.step(motion.poses[frame], 1.0 / motion.rate_hz)

    def others(reference: Any) -> Follow:
        return lambda motion, targets, frame: reference.solve(
            targets, frame, 1.0 / motion.rate_hz)

    solvers: dict[str, tuple[Callable[[], None], Follow]] = {_OURS: (solver.reset, ours)}
    if is_alone:
        return solvers
    same = (retargeter.robot, solver.tasks, retargeter.limits, solver.weights)
    steps = solver.iterations
    for name, make in (
            ('mink', lambda: MinkSolver(*same, iterations=None)),
            (f'mink {steps}', lambda: MinkSolver(*same, iterations=steps)),
            (f'mink {steps} apart', lambda: MinkSolver(
                *same, iterations=steps, collision=solver.collision)),
            (f'pink {steps}', lambda: PinkSolver(*same, iterations=steps))):
        try:
            reference = make()
        except ReferenceMissingError as error:
            sys.stderr.write(f'left out: {error}\n')
            continue
        solvers[name] = (reference.reset, others(reference))
    return solvers


def _motions(arguments: Namespace) -> list[Motion]:
    if arguments.data is None:
        return [builtin_motion('mix', _RATE_HZ)]
    from motion_avatar_ros.training.clips import find_clips

    clips = find_clips(arguments.data, arguments.split, arguments.sets)
    return [load_motion(clip).resampled(_RATE_HZ) for clip in clips[::arguments.every]]


def _measured(
    name: str, reset: Callable[[], None], follow: Follow, retargeter: Retargeter,
    motions: list[Motion],
) -> dict[str, float]:
    judge = MotionJudge(retargeter)
    seconds, errors, jerks, fastest = [], [], [], 0.0
    beyond: dict[str, int] = {}
    with Progress(name, sum(map(len, motions)), 'frames') as progress:
        for motion in motions:
            targets = retargeter.build_targets(motion)
            reset()
            poses = []
            for frame in range(len(motion)):
                start_s = time.perf_counter()
                poses.append(follow(motion, targets, frame))
                if frame >= _UNTIMED_FRAMES:
                    seconds.append(time.perf_counter() - start_s)
            result = RobotMotion.of(retargeter.robot, poses, motion.rate_hz)
            error = judge.errors(result, targets)
            errors.append({
                field.name: getattr(error, field.name)[_UNJUDGED_FRAMES:]
                for field in fields(error)})
            jerks.append(np.diff(result.joints[_UNJUDGED_FRAMES:], 3, axis=0).ravel())
            fastest = max(fastest, float(np.abs(np.diff(result.joints, axis=0)).max(initial=0.0)))
            for kind, count in judge.frames_beyond(result).items():
                beyond[kind] = beyond.get(kind, 0) + count
            progress.advance(len(motion))
    all_of = {name: np.concatenate([error[name] for error in errors]) for name in errors[0]}
    stands, apart_m = all_of['stands'], all_of['apart_m']
    jerk = np.concatenate(jerks) * _RATE_HZ ** 3
    return {
        'median_ms': 1e3 * float(np.median(seconds)),
        'p99_ms': 1e3 * float(np.quantile(seconds, 0.99)),
        **{f'{name}_cm': 100.0 * float(all_of[f'{name}s_m'].mean())
           for name in ('ankle', 'wrist')},
        'limb_deg': _mean_deg(all_of['limbs_rad']), 'hand_deg': _mean_deg(all_of['hands_rad']),
        'foot_deg': _mean_deg(all_of['feet_rad']),
        'stance_slide_cm_s': 100.0 * _mean(all_of['slide_m_s'][stands]),
        'stance_toe_height_cm': 100.0 * _mean(np.abs(all_of['toe_m'][stands])),
        'jerk_rms_rad_s3': float(np.sqrt((jerk * jerk).mean())),
        'max_velocity_rad_s': fastest * _RATE_HZ,
        **{f'beyond_{kind}_frames': count for kind, count in beyond.items()},
        'under_margin_frames': int((apart_m < 0.0).sum()),
        'least_beyond_margin_mm': 1e3 * float(min(apart_m.min(), 1.0)),
        'frames': sum(map(len, motions)),
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0


def _mean_deg(radians: np.ndarray) -> float:
    return float(np.degrees(radians.mean()))


def _print(retargeter: Retargeter, rows: dict[str, dict[str, float]]) -> None:
    columns = list(rows[_OURS])
    ours_ms = rows[_OURS]['median_ms']
    sys.stdout.write(f"'{retargeter.robot.name}', one core\n")
    sys.stdout.write(f"{'':24}" + ''.join(f'{name:>14}' for name in rows) + '\n')
    for column in columns:
        sys.stdout.write(f'{column:24}' + ''.join(
            f'{row[column]:14.3f}' if isinstance(row[column], float) else f'{row[column]:14d}'
            for row in rows.values()) + '\n')
    sys.stdout.write(f"{'median beside ours':24}" + ''.join(
        f"{row['median_ms'] / ours_ms:14.1f}" for row in rows.values()) + '\n')
