# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of evaluations: for reading, for JSON and, clip by clip, as CSV."""

from __future__ import annotations

from collections.abc import Sequence
import csv
from dataclasses import asdict
from pathlib import Path
from typing import Any

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.training.evaluation import Evaluation
from motion_avatar_ros.training.metrics import METRIC_NAMES, metrics_dict
from motion_avatar_ros.training.paired_comparison import INTERVAL, RESAMPLES, compare

_MEANS = {
    'mean_over_clips': "mean over clips (the field's tables)",
    'frame_weighted': 'mean over frames',
    'after_2_s': 'mean over clips, without the first 2 s of each',
    'after_2_s_frame_weighted': 'mean over frames, without the first 2 s of each clip',
}
_LEAST_WIDTH = 20


def evaluation_numbers(evaluation: Evaluation) -> dict[str, Any]:
    """Return the means as JSON values: the field's mean on top, the others by name."""
    means = {name: metrics_dict(mean) for name, mean in evaluation.means().items()}
    return {
        **means.pop('mean_over_clips'), **means, 'clips_after_2_s': evaluation.settled_count}


def evaluations_report(evaluations: Sequence[Evaluation]) -> str:
    """Return tables with a column for each evaluation and a row for each metric."""
    means = [evaluation.means() for evaluation in evaluations]
    widths = [max(_LEAST_WIDTH, len(evaluation.model) + 2) for evaluation in evaluations]
    heading = _row('', [evaluation.model for evaluation in evaluations], widths)
    lines = []
    for name, title in _MEANS.items():
        lines += ['', f'{title}: {means[0][name].frames} frames', heading]
        for metric in METRIC_NAMES:
            cells = [_cell(getattr(mean[name], metric)) for mean in means]
            lines.append(_row(metric, cells, widths))
    lines += ['', 'confidence_corr: rank correlation of error with lack of confidence']
    for half in ('upper_body', 'lower_body'):
        cells = [_cell(getattr(evaluation.confidence, half)) for evaluation in evaluations]
        lines.append(_row(half, cells, widths))
    return '\n'.join(lines) + '\n'


def comparison_numbers(
    models: Sequence[Evaluation], against: Sequence[Evaluation]
) -> dict[str, Any]:
    """Return the comparison of two sides as JSON values."""
    return {
        'models': [evaluation.model for evaluation in models],
        'against': [evaluation.model for evaluation in against],
        'resamples': RESAMPLES, 'interval': INTERVAL,
        'metrics': {
            name: None if one is None else asdict(one)
            for name, one in compare(models, against).items()},
    }


def comparison_report(numbers: dict[str, Any]) -> str:
    """Return what `comparison_numbers` gave as a table."""
    columns = ('models', 'against', 'difference', '95 %', 'percent', '95 %', 'spread over seeds',
               'clips')
    widths = (12, 12, 12, 22, 10, 20, 20, 8)
    lines = [
        '', f"{', '.join(numbers['models'])} against {', '.join(numbers['against'])}: mean over "
        f'clips, paired bootstrap over clips ({numbers["resamples"]} resamples)',
        _row('', columns, widths)]
    for name, one in numbers['metrics'].items():
        if one is None:
            lines.append(_row(name, ['-'] * len(columns), widths))
            continue
        lines.append(_row(name, (
            _cell(one['mean']), _cell(one['against_mean']), _cell(one['difference']),
            _range(one['difference_low'], one['difference_high'], '.3f'),
            _cell(one['percent'], '+.1f'),
            _range(one['percent_low'], one['percent_high'], '+.1f'),
            f"{_cell(one['seeds_std'])} / {_cell(one['against_seeds_std'])}",
            str(one['clips'])), widths))
    return '\n'.join(lines) + '\n'


def clips_numbers(names: Sequence[str], evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """Return each clip's metrics as JSON values: lists in the order of the clips, by model."""
    return {'clips': list(names), 'models': {
        evaluation.model: {
            metric: [None if clip is None else getattr(clip, metric) for clip in evaluation.clips]
            for metric in METRIC_NAMES}
        for evaluation in evaluations}}


def write_clips(path: Path, names: Sequence[str], evaluation: Evaluation) -> None:
    """
    Write a row of metrics for each clip; empty cells are what a clip has no metric of.

    Raises:
        MotionAvatarError: the file cannot be written.
    """
    try:
        with path.open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(('clip', *METRIC_NAMES, 'frames'))
            for name, clip in zip(names, evaluation.clips, strict=True):
                row = metrics_dict(clip).values() if clip is not None else ()
                writer.writerow((name, *('' if value is None else value for value in row)))
    except OSError as error:
        raise MotionAvatarError(f"--per-clip '{path}': {error}") from None


def _row(name: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    return f'{name:24}' + ''.join(
        f'{cell:>{width}}' for cell, width in zip(cells, widths, strict=True))


def _cell(value: float | None, form: str = '.3f') -> str:
    return '-' if value is None else format(value, form)


def _range(low: float | None, high: float | None, form: str) -> str:
    return '-' if low is None else f'{_cell(low, form)} .. {_cell(high, form)}'
