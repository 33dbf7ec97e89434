# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`calibrate-confidence`: makes a trained model's confidence mean what it says."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
import json
from pathlib import Path
import sys

from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.commands.evaluation_runs import frame_count
from motion_avatar_ros.commands.option_types import positive_count
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.training.clips import TABLE_SETS, find_clips, present_sets
from motion_avatar_ros.training.confidence_calibration import (
    FrameErrors, fitted_scale, frame_errors, pooled, reliability, rescaled, usable_tracker_sets,
)

HELP = "fit a trained model's confidence to its errors on the val split"
_HALVES = ('upper body', 'lower body')
_LEAST_CLIPS = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        '--model', required=True, help='folder of the model; its config.yaml is rewritten')
    parser.add_argument(
        '--data', type=Path, required=True, help='folder of AMASS-style npz with a splits.json')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument(
        '--streams', type=positive_count, default=16, help='clips that run in parallel')
    parser.add_argument('--json', action='store_true', help='one JSON object on the last line')


def run(arguments: Namespace) -> int:
    """Fit on half of the clips and print how it does on the others; keep the fit to all."""
    import torch

    from motion_avatar_ros.estimation.model_folder import write_confidence

    torch.set_num_threads(1)
    paths = find_clips(arguments.data, 'val', present_sets(arguments.data, TABLE_SETS))
    if len(paths) < _LEAST_CLIPS:
        raise MotionAvatarError(f"'{arguments.data}' has {len(paths)} val clip; needed: 2")
    folder, by_trackers = _measure(arguments, [load_motion(path) for path in paths])
    everything = pooled(list(by_trackers.values()))
    half_fit = fitted_scale(everything.of_clips(lambda clip: clip % 2 == 0))
    rows = {}
    for names, errors in by_trackers.items():
        unseen = errors.of_clips(lambda clip: clip % 2 == 1)
        rows[','.join(names)] = {'before': _table(unseen), 'after': _table(
            rescaled(unseen, half_fit))}
    sys.stdout.write(_report(rows))
    scale = fitted_scale(everything)
    write_confidence(folder, scale)
    if arguments.json:
        sys.stdout.write(json.dumps({'confidence': scale.as_dict(), 'reliability': rows}) + '\n')
    return 0


def _measure(
    arguments: Namespace, motions: Sequence[Motion]
) -> tuple[Path, dict[tuple[str, ...], FrameErrors]]:
    from motion_avatar_ros.estimation.confidence import ConfidenceScale
    from motion_avatar_ros.estimation.pose_estimator import PoseEstimator

    whole = PoseEstimator.load(arguments.model, arguments.device, arguments.streams)
    sets = usable_tracker_sets(whole.tracker_names, whole.required_names)
    errors = {}
    with Progress(
            'confidence', len(sets) * frame_count(whole, motions), 'frames') as progress:
        for names in sets:
            model = PoseEstimator.load(
                arguments.model, arguments.device, arguments.streams, names)
            model.confidence_scale = ConfidenceScale()
            errors[names] = frame_errors(model, motions, progress.advance)
    return whole.folder, errors


def _table(errors: FrameErrors) -> dict[str, list[list[float]]]:
    return {
        name: [[round(100.0 * one.expected_m, 2), round(100.0 * one.true_m, 2)]
               for one in reliability(errors, half)]
        for half, name in enumerate(_HALVES)}


def _report(rows: dict[str, dict[str, dict[str, list[list[float]]]]]) -> str:
    lines = ['expected > true mean joint error [cm], by fifths of the frames of clips that the '
             'fit did not see:\n']
    for trackers, tables in rows.items():
        lines.append(f'\n{trackers}\n')
        for half in _HALVES:
            for when, table in tables.items():
                pairs = '   '.join(f'{x:5.1f} > {y:4.1f}' for x, y in table[half])
                lines.append(f'  {half} {when:6} {pairs}\n')
    return ''.join(lines)
