# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`evaluate`: the field's metrics of a model, causally, through the node's online code."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
import json
import math
from pathlib import Path
import sys
from typing import TYPE_CHECKING, Any

from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.commands.evaluation_report import (
    clips_numbers, comparison_numbers, comparison_report, evaluation_numbers,
    evaluations_report, write_clips,
)
from motion_avatar_ros.commands.evaluation_runs import (
    evaluate_ahead, evaluate_all, evaluate_one, frame_count, load_models, model_labels,
    trivial_estimators,
)
from motion_avatar_ros.commands.option_types import (
    amount, distinct_names, names, pose_smoothing, positive_count, window_overlap,
)
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.ahead_estimator import AheadEstimator
from motion_avatar_ros.estimation.backend import BACKENDS
from motion_avatar_ros.estimation.estimated_poses import OnlineEstimator
from motion_avatar_ros.estimation.one_euro_estimator import OneEuroEstimator, PoseSmoothing
from motion_avatar_ros.estimation.window_overlap import WindowOverlap
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.training.calibration_takes import TakeMaterial
from motion_avatar_ros.training.calibration_trials import (
    TAKE_KINDS, OperatorTrials, recover_operators, run_trials,
)
from motion_avatar_ros.training.calibration_trials_report import trials_numbers, trials_report
from motion_avatar_ros.training.clips import (
    TABLE_SETS, clip_name, find_clips, has_splits, present_sets,
)
from motion_avatar_ros.training.evaluation import Evaluation
from motion_avatar_ros.training.tracker_disturbance import TrackerDisturbance

if TYPE_CHECKING:
    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

HELP = 'measure a model on a folder of AMASS-style motion, causally, frame by frame'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--model', type=distinct_names, required=True, metavar='MODEL[,MODEL]',
        help='name of a shipped model, or a folder; several are seeds of one model')
    parser.add_argument(
        '--against', type=distinct_names, default=(), metavar='MODEL[,MODEL]',
        help='compare with these, clip by clip')
    parser.add_argument(
        '--one-euro', type=pose_smoothing, nargs='?', const=PoseSmoothing(),
        metavar='MIN_CUTOFF,BETA',
        help='also each model with a One-Euro filter behind it [Hz, Hz per rad/s] '
             f'(default: {PoseSmoothing.min_cutoff_hz:g},{PoseSmoothing.beta:g})')
    parser.add_argument(
        '--ahead-ms', type=amount, metavar='MS',
        help='also each model against the truth so much later, with prediction (+) and without '
             '(-); 0 to 60')
    parser.add_argument('--data', type=Path, required=True, help='folder of AMASS-style npz')
    parser.add_argument(
        '--split', default='test', help='of its splits.json; a folder without one is used whole')
    parser.add_argument(
        '--sets', type=names, metavar='NAME,NAME',
        help=f"first folders to use (default: {','.join(TABLE_SETS)} where splits.json has "
             'them, else all)')
    parser.add_argument(
        '--baselines', action='store_true',
        help='also rest pose, mean training pose and nearest neighbour')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument(
        '--backend', default='torch', choices=BACKENDS,
        help='what computes the network on a CPU (default: torch)')
    parser.add_argument(
        '--streams', type=positive_count, default=16, help='clips that run in parallel')
    parser.add_argument(
        '--frames-per-step', type=positive_count, default=1, metavar='N',
        help='of each stream; more is faster, 1 (default) is what a node does')
    parser.add_argument(
        '--windows', type=window_overlap, nargs='?', const=WindowOverlap(),
        metavar='FRAMES,OVERLAP', help='offline: each clip at once, in overlapping windows '
        f'(default: {WindowOverlap.frames},{WindowOverlap.overlap}), not causal')
    parser.add_argument(
        '--threads', type=positive_count, default=1, help='CPU threads of the network')
    parser.add_argument(
        '--noise-mm', type=amount, default=0.0, metavar='MM',
        help='white noise of each tracker, standard deviation per axis')
    parser.add_argument('--noise-deg', type=amount, default=0.0, metavar='DEG')
    parser.add_argument(
        '--offset-mm', type=amount, default=0.0, metavar='MM',
        help='what a calibration left: fixed for a clip, of this length and random direction')
    parser.add_argument('--offset-deg', type=amount, default=0.0, metavar='DEG')
    parser.add_argument(
        '--dropout-percent', type=amount, default=0.0, metavar='PERCENT',
        help='how long each tracker but the head is lost, 0.1 to 2 s at a time')
    parser.add_argument(
        '--trackers', type=names, default=TRACKER_NAMES, metavar='NAME,NAME',
        help='what is worn (default: head,left_hand,right_hand)')
    parser.add_argument(
        '--free', action='store_true',
        help="the network's own pose, without putting tracked joints where they were observed")
    parser.add_argument(
        '--operators', type=positive_count, metavar='K',
        help='also plant K operators, let them calibrate, and measure with and without')
    parser.add_argument(
        '--sampler-steps', type=positive_count,
        help="of a diffusion model; default: the model's own")
    parser.add_argument('--per-clip', type=Path, metavar='FILE.csv', help="write each clip's row")
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')
    parser.add_argument(
        '--json-clips', action='store_true',
        help="the same with each clip's metrics in it, for `report`")


def run(arguments: Namespace) -> int:
    """Evaluate and print."""
    import torch

    torch.set_num_threads(arguments.threads)
    data, table = arguments.data, arguments.per_clip
    if table is not None and not table.absolute().parent.is_dir():
        raise MotionAvatarError(f"--per-clip '{table}': its folder does not exist")
    sets = present_sets(data, TABLE_SETS) if arguments.sets is None else arguments.sets
    paths = find_clips(data, arguments.split, sets)
    frames_per_step = None if arguments.windows else arguments.frames_per_step
    given = [*arguments.model, *arguments.against]
    if len(set(given)) < len(given):
        raise MotionAvatarError('--model and --against name the same model')
    models = load_models(given, arguments)
    model = models[0]
    _check_dropouts(models, arguments.dropout_percent)
    ahead_s = None if arguments.ahead_ms is None else arguments.ahead_ms / 1000.0
    predicting = [] if ahead_s is None else [AheadEstimator(each, ahead_s) for each in models]
    motions = [load_motion(path) for path in paths]
    disturbance = TrackerDisturbance(
        arguments.noise_mm / 1000.0, math.radians(arguments.noise_deg),
        arguments.offset_mm / 1000.0, math.radians(arguments.offset_deg),
        _share(arguments.dropout_percent))
    labels = model_labels(given, models)
    plain = evaluate_all(models, labels, motions, disturbance, frames_per_step)
    smooth = [] if arguments.one_euro is None else evaluate_all(
        [OneEuroEstimator(each, arguments.one_euro) for each in models],
        [f'{label}+one_euro' for label in labels], motions, disturbance, frames_per_step)
    ahead = [] if ahead_s is None else evaluate_ahead(
        models, predicting, labels, motions, disturbance, frames_per_step, ahead_s)
    trivial = [evaluate_one(one, motions, disturbance, frames_per_step) for one in (
        trivial_estimators(model, arguments) if arguments.baselines else ())]
    trials = _trials(model, motions, arguments)
    seeds = len(arguments.model)
    comparisons = {
        name: comparison_numbers(plain[:seeds], others[seeds:])
        for name, others in (('against', plain), ('against_one_euro', smooth))
        if others[seeds:]}

    split = arguments.split if has_splits(data) else 'all'
    clip_names = [clip_name(data, path) for path in paths]
    evaluations = [*plain, *smooth, *ahead, *trivial]
    if table is not None:
        write_clips(table, clip_names, plain[0])
    sys.stdout.write(_heading(plain[0], split, sets, disturbance))
    sys.stdout.write(evaluations_report(evaluations))
    for comparison in comparisons.values():
        sys.stdout.write(comparison_report(comparison))
    if trials is not None:
        sys.stdout.write(trials_report(trials))
    if arguments.json or arguments.json_clips:
        sys.stdout.write(json.dumps({
            **evaluation_numbers(plain[0]),
            'clips': len(paths), 'model': model.name, 'weights_sha256': model.weights_sha256,
            'split': split, 'sets': sets,
            'trackers': model.tracker_names, 'free': arguments.free,
            'windows': None if arguments.windows is None else asdict(arguments.windows),
            'disturbance': None if disturbance.is_none else asdict(disturbance),
            **({} if trials is None else {'operators': trials_numbers(trials)}),
            'baselines': _by_name(trivial),
            **({} if len(plain) == 1 else {'models': {
                one.model: {**evaluation_numbers(one), 'weights_sha256': each.weights_sha256}
                for one, each in zip(plain, models, strict=True)}}),
            **({} if not smooth else {'one_euro': {
                'smoothing': asdict(arguments.one_euro), **_by_name(smooth)}}),
            **({} if not ahead else {'ahead': _by_name(ahead)}),
            **comparisons,
            **({} if not arguments.json_clips else {
                'per_clip': clips_numbers(clip_names, evaluations)}),
        }, allow_nan=False) + '\n')
    sys.stdout.flush()
    return 0


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
    with Progress('planted operators', runs * frame_count(model, motions), 'frames') as progress:
        return run_trials(model, motions, recoveries, progress.advance)


def _by_name(evaluations: list[Evaluation]) -> dict[str, Any]:
    return {one.model: evaluation_numbers(one) for one in evaluations}


def _heading(
    evaluation: Evaluation, split: str, sets: tuple[str, ...] | None,
    disturbance: TrackerDisturbance,
) -> str:
    clips, of_sets = len(evaluation.clips), ', '.join(sets) if sets else 'all'
    heading = (f'split {split}, sets {of_sets}: {clips} clips, {evaluation.settled_count} '
               'longer than 2 s\n')
    return heading + ('' if disturbance.is_none else f'trackers disturbed: {disturbance}\n')


def _check_dropouts(models: Sequence[PoseEstimator], percent: float) -> None:
    for model in models:
        if percent > 0.0 and set(model.required_names) > {'head'}:
            raise MotionAvatarError(
                f"--dropout-percent loses hands, but model '{model.name}' needs "
                f'{", ".join(model.required_names)}')


def _share(percent: float) -> float:
    if percent > 90.0:
        raise MotionAvatarError(f'--dropout-percent is {percent:g}; allowed: 0 to 90')
    return percent / 100.0
