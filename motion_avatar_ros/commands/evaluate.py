# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`evaluate`: the field's metrics of a model, causally, through the node's online code."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
import csv
from dataclasses import asdict
import json
import math
from pathlib import Path
import sys
from typing import Any

from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.estimation.trivial_estimators import NearestNeighbour, mean_pose, rest_pose
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.training.calibration_takes import TakeMaterial
from motion_avatar_ros.training.calibration_trials import (
    TAKE_KINDS, OperatorTrials, recover_operators, run_trials,
)
from motion_avatar_ros.training.calibration_trials_report import trials_numbers, trials_report
from motion_avatar_ros.training.clips import (
    TABLE_SETS, TRAINING_SETS, clip_name, find_clips, has_splits, present_sets,
)
from motion_avatar_ros.training.evaluation import Evaluation, evaluate
from motion_avatar_ros.training.metrics import METRIC_NAMES, metrics_dict
from motion_avatar_ros.training.tracker_disturbance import (
    DisturbedTrackers, TrackerDisturbance,
)

HELP = 'measure a model on a folder of AMASS-style motion, causally, frame by frame'

_TRAIN = 'train'
_MEANS = {
    'mean_over_clips': "mean over clips (the field's tables)",
    'frame_weighted': 'mean over frames',
    'after_2_s': 'mean over clips, without the first 2 s of each',
    'after_2_s_frame_weighted': 'mean over frames, without the first 2 s of each clip',
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('--model', required=True, help='name of a shipped model, or a folder')
    parser.add_argument('--data', type=Path, required=True, help='folder of AMASS-style npz')
    parser.add_argument(
        '--split', default='test', help='of its splits.json; a folder without one is used whole')
    parser.add_argument(
        '--sets', type=_names, metavar='NAME,NAME',
        help=f"first folders to use (default: {','.join(TABLE_SETS)} where splits.json has "
             'them, else all)')
    parser.add_argument(
        '--baselines', action='store_true',
        help='also rest pose, mean training pose and nearest neighbour')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument(
        '--streams', type=_positive, default=16, help='clips that run in parallel')
    parser.add_argument(
        '--threads', type=_positive, default=1, help='CPU threads of the network')
    parser.add_argument(
        '--noise-mm', type=_amount, default=0.0, metavar='MM',
        help='white noise of each tracker, standard deviation per axis')
    parser.add_argument('--noise-deg', type=_amount, default=0.0, metavar='DEG')
    parser.add_argument(
        '--offset-mm', type=_amount, default=0.0, metavar='MM',
        help='what a calibration left: fixed for a clip, of this length and random direction')
    parser.add_argument('--offset-deg', type=_amount, default=0.0, metavar='DEG')
    parser.add_argument(
        '--dropout-percent', type=_amount, default=0.0, metavar='PERCENT',
        help='how long each tracker but the head is lost, 0.1 to 2 s at a time')
    parser.add_argument(
        '--trackers', type=_names, default=TRACKER_NAMES, metavar='NAME,NAME',
        help='what is worn (default: head,left_hand,right_hand)')
    parser.add_argument(
        '--free', action='store_true',
        help="the network's own pose, without putting tracked joints where they were observed")
    parser.add_argument(
        '--operators', type=_positive, metavar='K',
        help='also plant K operators, let them calibrate, and measure with and without')
    parser.add_argument(
        '--sampler-steps', type=_positive, help="of a diffusion model; default: the model's own")
    parser.add_argument('--per-clip', type=Path, metavar='FILE.csv', help="write each clip's row")
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Evaluate and print."""
    import torch

    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

    torch.set_num_threads(arguments.threads)
    data, table = arguments.data, arguments.per_clip
    if table is not None and not table.absolute().parent.is_dir():
        raise MotionAvatarError(f"--per-clip '{table}': its folder does not exist")
    sets = present_sets(data, TABLE_SETS) if arguments.sets is None else arguments.sets
    paths = find_clips(data, arguments.split, sets)
    model = PoseEstimator.load(
        arguments.model, arguments.device, arguments.streams, arguments.trackers,
        arguments.sampler_steps, not arguments.free)
    model.warm_up()
    motions = [load_motion(path) for path in paths]
    estimators = [model, *(_baselines(model, arguments) if arguments.baselines else ())]
    disturbance = TrackerDisturbance(
        arguments.noise_mm / 1000.0, math.radians(arguments.noise_deg),
        arguments.offset_mm / 1000.0, math.radians(arguments.offset_deg),
        _share(arguments.dropout_percent))
    evaluations = [_evaluate(estimator, motions, disturbance) for estimator in estimators]
    trials = _trials(model, motions, arguments)

    split = arguments.split if has_splits(data) else 'all'
    if table is not None:
        _write_csv(table, [clip_name(data, path) for path in paths], evaluations[0])
    sys.stdout.write(_report(evaluations, split, sets, disturbance))
    if trials is not None:
        sys.stdout.write(trials_report(trials))
    if arguments.json:
        sys.stdout.write(json.dumps({
            **_numbers(evaluations[0]),
            'clips': len(paths), 'model': model.name, 'weights_sha256': model.weights_sha256,
            'split': split, 'sets': sets,
            'trackers': model.tracker_names, 'free': arguments.free,
            'disturbance': None if disturbance.is_none else asdict(disturbance),
            **({} if trials is None else {'operators': trials_numbers(trials)}),
            'baselines': {other.model: _numbers(other) for other in evaluations[1:]},
        }, allow_nan=False) + '\n')
    sys.stdout.flush()
    return 0


def _baselines(model: OnlineEstimator, arguments: Namespace) -> list[OnlineEstimator]:
    """Return the trivial estimators; those with a memory remember the training split only."""
    rate_hz, streams = model.rate_hz, arguments.streams
    if not has_splits(arguments.data):
        sys.stderr.write('no splits.json, so no training split: of the trivial estimators only '
                         'the rest pose\n')
        return [rest_pose(rate_hz, streams)]
    paths = find_clips(
        arguments.data, _TRAIN, present_sets(arguments.data, TRAINING_SETS))
    return [
        rest_pose(rate_hz, streams),
        mean_pose(_motions(paths, 'mean pose', rate_hz), rate_hz, streams),
        NearestNeighbour(_motions(paths, 'nearest neighbour', rate_hz), rate_hz, streams),
    ]


def _motions(paths: list[Path], name: str, rate_hz: float) -> Iterator[Motion]:
    with Progress(name, len(paths), 'clips') as progress:
        for path in paths:
            yield load_motion(path).resampled(rate_hz)
            progress.advance(1)


def _evaluate(
    estimator: OnlineEstimator, motions: list[Motion], disturbance: TrackerDisturbance
) -> Evaluation:
    trackers = None if disturbance.is_none else DisturbedTrackers(
        disturbance, estimator.tracker_names)
    with Progress(estimator.name, _frames(estimator, motions), 'frames') as progress:
        return evaluate(estimator, motions, progress.advance, trackers)


def _trials(
    model: OnlineEstimator, motions: list[Motion], arguments: Namespace
) -> OperatorTrials | None:
    if arguments.operators is None:
        return None
    material = TakeMaterial.of_folder(arguments.data)
    operators = arguments.operators
    with Progress('calibrations', operators * len(TAKE_KINDS), 'takes') as progress:
        recoveries = recover_operators(
            material, model.tracker_names, operators, progress.advance)
    runs = 2 + len(TAKE_KINDS)
    with Progress('planted operators', runs * _frames(model, motions), 'frames') as progress:
        return run_trials(model, motions, recoveries, progress.advance)


def _frames(estimator: OnlineEstimator, motions: list[Motion]) -> int:
    return sum(len(motion.resampled(estimator.rate_hz)) for motion in motions)


def _numbers(evaluation: Evaluation) -> dict[str, Any]:
    """Return the means as JSON values: the field's mean on top, the others by name."""
    means = {name: metrics_dict(mean) for name, mean in evaluation.means().items()}
    return {
        **means.pop('mean_over_clips'), **means, 'clips_after_2_s': evaluation.settled_count}


def _report(
    evaluations: list[Evaluation], split: str, sets: tuple[str, ...] | None,
    disturbance: TrackerDisturbance,
) -> str:
    means = [evaluation.means() for evaluation in evaluations]
    clips, settled = len(evaluations[0].clips), evaluations[0].settled_count
    of_sets = ', '.join(sets) if sets else 'all'
    lines = [f'split {split}, sets {of_sets}: {clips} clips, {settled} longer than 2 s']
    if not disturbance.is_none:
        lines.append(f'trackers disturbed: {disturbance}')
    heading = ''.join(f'{evaluation.model:>20}' for evaluation in evaluations)
    for name, title in _MEANS.items():
        lines += ['', f'{title}: {means[0][name].frames} frames', f"{'':24}{heading}"]
        for metric in METRIC_NAMES:
            cells = ''.join(_cell(getattr(mean[name], metric)) for mean in means)
            lines.append(f'{metric:24}{cells}')
    lines += ['', 'confidence_corr: rank correlation of error with lack of confidence']
    for half in ('upper_body', 'lower_body'):
        cells = ''.join(
            _cell(getattr(evaluation.confidence, half)) for evaluation in evaluations)
        lines.append(f'{half:24}{cells}')
    return '\n'.join(lines) + '\n'


def _cell(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.3f'):>20}"


def _write_csv(path: Path, names: list[str], evaluation: Evaluation) -> None:
    try:
        with path.open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(('clip', *METRIC_NAMES, 'frames'))
            for name, clip in zip(names, evaluation.clips, strict=True):
                row = metrics_dict(clip).values() if clip is not None else ()
                writer.writerow((name, *('' if value is None else value for value in row)))
    except OSError as error:
        raise MotionAvatarError(f"--per-clip '{path}': {error}") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(',') if name.strip())


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < math.inf:
        raise ArgumentTypeError(f"'{text}' is not a number of at least 0")
    return value


def _share(percent: float) -> float:
    if percent > 90.0:
        raise MotionAvatarError(f'--dropout-percent is {percent:g}; allowed: 0 to 90')
    return percent / 100.0


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)
