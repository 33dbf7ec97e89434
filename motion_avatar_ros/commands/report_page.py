# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One HTML page of evaluations: tables, bars with intervals, clips; several files side by side.

The page holds everything it needs, runs no script and asks for nothing. Names come from files
and are escaped; the page's own policy forbids whatever might slip through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
import json
from typing import Any

from motion_avatar_ros.commands.evaluation_file import (
    MEANS, Comparison, EvaluationFile, Measured, Numbers,
)
from motion_avatar_ros.commands.report_charts import (
    COLOURS, Bar, Curve, bar_chart, interval_chart, share_chart,
)
from motion_avatar_ros.commands.report_style import STYLE
from motion_avatar_ros.training.metrics import METRIC_NAMES
from motion_avatar_ros.training.paired_comparison import mean_interval

#: Title and unit of each metric.
TITLES: Mapping[str, tuple[str, str]] = {
    'mpjre_deg': ('MPJRE', 'deg'),
    'mpjre_geodesic_deg': ('MPJRE, geodesic', 'deg'),
    'mpjpe_cm': ('MPJPE', 'cm'),
    'mpjve_cm_s': ('MPJVE', 'cm/s'),
    'jitter_1e2_m_s3': ('Jitter', '100 m/s³'),
    'jitter_truth_1e2_m_s3': ('Jitter of the truth', '100 m/s³'),
    'lag_ms': ('Lag', 'ms'),
    'hand_pe_cm': ('Hands', 'cm'),
    'upper_pe_cm': ('Upper body', 'cm'),
    'lower_pe_cm': ('Lower body', 'cm'),
    'root_pe_cm': ('Root', 'cm'),
    'foot_skate_cm_s': ('Foot skating', 'cm/s'),
}
_CHARTED = ('mpjpe_cm', 'mpjre_deg', 'mpjve_cm_s', 'jitter_1e2_m_s3', 'hand_pe_cm', 'lower_pe_cm')
_SHARED = ('mpjpe_cm', 'lower_pe_cm', 'hand_pe_cm', 'jitter_1e2_m_s3')
_TRUTH = 'jitter_truth_1e2_m_s3'
_HASH_SHOWN = 16
_ENDS, _MIDDLE = 5, 3  # clips shown of each end, and about the median
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class _Column:
    """One measured estimator of one file; `source` tells files apart where there are several."""

    measured: Measured
    source: str
    colour: int

    @property
    def label(self) -> str:
        return self.measured.name + (f' ({self.source})' if self.source else '')

    @property
    def mean(self) -> Numbers:
        return self.measured.means[None]

    def known(self, metric: str) -> list[float]:
        """Return the values of the clips that have the metric."""
        return [value for value in self.measured.clips.get(metric, ()) if value is not None]


def report_page(files: Sequence[EvaluationFile]) -> str:
    """Return the page, UTF-8 text."""
    sources = _sources(files) if len(files) > 1 else ['']
    columns: list[_Column] = []
    for file, source in zip(files, sources, strict=True):
        for measured in file.measured:
            columns.append(_Column(measured, source, len(columns)))
    shown = [column for column in columns if not column.measured.is_trivial]
    body = [
        '<h1>Evaluation</h1>', _settings(files, sources), '<h2>Metrics</h2>',
        '<p class="note">Lower is better, except that jitter is best next to the truth\'s and lag '
        'next to zero; the best of each row is marked.</p>',
        _table(None, columns), _charts(shown), _shares(shown),
        *_clip_tables(files, sources),
        *(_comparison(one, source) for file, source in zip(files, sources, strict=True)
          for one in file.comparisons),
        '<h2>Other means</h2>', *(_table(key, columns) for key in MEANS if key is not None)]
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Evaluation: {escape(", ".join(column.label for column in columns))}</title>'
        f'<style>{STYLE}</style></head>\n<body>\n' + '\n'.join(body) + '\n</body></html>\n')
    return page.encode('utf-8', 'replace').decode('utf-8')  # JSON may hold lone surrogates


def _sources(files: Sequence[EvaluationFile]) -> list[str]:
    """Return short names of the files that differ."""
    stems = [file.path.stem for file in files]
    return [stem if stems.count(stem) == 1 else str(file.path)
            for stem, file in zip(stems, files, strict=True)]


def _settings(files: Sequence[EvaluationFile], sources: Sequence[str]) -> str:
    keys = list(dict.fromkeys(key for file in files for key in file.settings))
    heads = [source or file.path.name for file, source in zip(files, sources, strict=True)]
    rows = [[key.replace('_', ' '), *(_setting(key, file.settings.get(key)) for file in files)]
            for key in keys]
    same = {json.dumps([file.settings.get(key) for key in ('split', 'sets', 'clips', 'frames')])
            for file in files}
    warning = '' if len(same) == 1 else (
        '<p class="warning">These files differ in what they measured: their numbers are not to be '
        'compared.</p>')
    return warning + _html_table(['', *heads], rows, numbers_from=None)


def _setting(key: str, value: Any) -> str:
    if value is None:
        return '-'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ', '.join(value)
    if not isinstance(value, str):
        return json.dumps(value)
    return value[:_HASH_SHOWN] if key.endswith('sha256') else value


def _table(key: str | None, columns: Sequence[_Column]) -> str:
    told = [column for column in columns if key in column.measured.means]
    if not any(value is not None for column in told
               for value in column.measured.means[key].values()):
        return ''
    rows = []
    for metric in METRIC_NAMES:
        values = [column.measured.means[key][metric] for column in told]
        truths = [column.measured.means[key][_TRUTH] for column in told]
        best = _best(metric, values, truths)
        name, unit = TITLES[metric]
        rows.append(
            f'<tr><td>{escape(name)} [{escape(unit)}]</td>' + ''.join(
                f'<td class="{"n best" if slot in best else "n"}">{_number(value)}</td>'
                for slot, value in enumerate(values)) + '</tr>')
    heads = ''.join(
        f'<th class="n">{escape(column.measured.name)}<small>{escape(column.source)}</small></th>'
        for column in told)
    return (f'<h3>{escape(MEANS[key])}</h3><div class="scroll"><table><thead><tr><th></th>'
            f'{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>')


def _best(
    metric: str, values: Sequence[float | None], truths: Sequence[float | None]
) -> set[int]:
    """Return which of several values are the best ones."""
    if metric == _TRUTH or len(values) < 2:
        return set()
    costs = {}
    for slot, (value, truth) in enumerate(zip(values, truths, strict=True)):
        if value is not None:
            aim = 0.0 if metric != 'jitter_1e2_m_s3' or truth is None else truth
            costs[slot] = abs(value - aim)
    return {slot for slot, cost in costs.items() if cost == min(costs.values())}


def _charts(columns: Sequence[_Column]) -> str:
    has_intervals = False
    figures = []
    for metric in _CHARTED:
        bars = []
        for column in columns:
            low, high = mean_interval(column.known(metric))
            has_intervals |= low is not None
            bars.append(Bar(column.label, column.mean[metric], low, high, column.colour))
        truth = columns[0].mean[_TRUTH] if metric == 'jitter_1e2_m_s3' else None
        name, unit = TITLES[metric]
        note = '' if truth is None else '; dashed: the truth'
        figures.append(f'<figure><h3>{escape(name)} [{escape(unit)}]{note}</h3>'
                       f'{bar_chart(bars, truth)}</figure>')
    note = ('Lines are 95 % intervals of the mean over clips (bootstrap): what other clips would '
            'change.' if has_intervals else
            'For intervals, evaluate with <code>--json-clips</code>.')
    return (f'<h2>Side by side</h2><p class="note">Mean over clips, without trivial estimators. '
            f'{note}</p>'
            f'<div class="charts">{"".join(figures)}</div>')


def _shares(columns: Sequence[_Column]) -> str:
    figures = []
    told = [column for column in columns if column.known('mpjpe_cm')]
    for metric in _SHARED:
        curves = [Curve(column.known(metric), column.colour)
                  for column in told if column.known(metric)]
        if curves:
            name, unit = TITLES[metric]
            figures.append(f'<figure><h3>{escape(name)}</h3>'
                           f'{share_chart(curves, f"{name} of a clip [{unit}]")}</figure>')
    if not figures:
        return ''
    legend = ''.join(
        f'<li><span class="chip c{column.colour % COLOURS}"></span>{escape(column.label)}</li>'
        for column in told)
    return ('<h2>Clips</h2><p class="note">How many of the clips are better than a value.</p>'
            f'<ul class="legend">{legend}</ul><div class="charts wide">{"".join(figures)}</div>')


def _clip_tables(files: Sequence[EvaluationFile], sources: Sequence[str]) -> Iterable[str]:
    """Yield the worst, median and best clips by MPJPE of each file's first model."""
    for file, source in zip(files, sources, strict=True):
        column = _Column(file.measured[0], source, 0)
        clips = column.measured.clips
        errors = clips.get('mpjpe_cm', [])
        order = sorted((slot for slot, error in enumerate(errors) if error is not None),
                       key=lambda slot: -errors[slot])  # type: ignore[operator]
        if not order:
            continue
        chosen = dict.fromkeys(order, '')
        if len(order) > 2 * _ENDS + _MIDDLE:
            start = (len(order) - _MIDDLE) // 2
            chosen = {**dict.fromkeys(order[:_ENDS], 'worst'),
                      **dict.fromkeys(order[start:start + _MIDDLE], 'median'),
                      **dict.fromkeys(order[-_ENDS:], 'best')}
        metrics = [metric for metric in _CHARTED if metric in clips]
        rows = [[which, file.clip_names[slot],
                 *(_number(clips[metric][slot]) for metric in metrics)]
                for slot, which in chosen.items()]
        heads = ['', 'clip', *(f'{TITLES[m][0]} [{TITLES[m][1]}]' for m in metrics)]
        yield (f'<h3>Clips of {escape(column.label)}, by MPJPE</h3>'
               + _html_table(heads, rows, numbers_from=2))


def _comparison(one: Comparison, source: str) -> str:
    known = {metric: numbers for metric, numbers in one.metrics.items() if numbers is not None}
    rows = [[f'{TITLES[metric][0]} [{TITLES[metric][1]}]',
             *(_number(numbers[name]) for name in ('mean', 'against_mean', 'difference')),
             _range(numbers, 'difference'), _number(numbers['percent']),
             _range(numbers, 'percent')] for metric, numbers in known.items()]
    bars = [Bar(TITLES[metric][0], numbers['percent'], numbers['percent_low'],
                numbers['percent_high']) for metric, numbers in known.items()
            if numbers['percent'] is not None]
    chart = f'<figure>{interval_chart(bars, "difference [%], 95 % interval")}</figure>'
    return (
        f'<h2>{escape(", ".join(one.models))} against {escape(", ".join(one.against))}'
        f'{escape(f" ({source})") if source else ""}</h2>'
        '<p class="note">Clip by clip; below zero the former is better. Intervals by paired '
        'bootstrap over clips.</p>' + (chart if bars else '') + _html_table(
            ['', 'former', 'latter', 'difference', '95 %', '%', '95 %'], rows, numbers_from=1))


def _range(numbers: Numbers, name: str) -> str:
    low, high = numbers[f'{name}_low'], numbers[f'{name}_high']
    return '-' if low is None or high is None else f'{_number(low)} .. {_number(high)}'


def _html_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int | None
) -> str:
    """Return a table of texts; columns from a number on are aligned to the right."""
    def kind(slot: int) -> str:
        return ' class="n"' if numbers_from is not None and slot >= numbers_from else ''

    head = ''.join(f'<th{kind(slot)}>{escape(text)}</th>' for slot, text in enumerate(heads))
    body = ''.join('<tr>' + ''.join(
        f'<td{kind(slot)}>{escape(text)}</td>' for slot, text in enumerate(row)) + '</tr>'
        for row in rows)
    return (f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
            f'<tbody>{body}</tbody></table></div>')


def _number(value: float | None) -> str:
    return '-' if value is None else f'{value:.2f}'
