# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of generated motion: for reading, and for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motion_avatar_ros.generation_evaluation.benchmark import SourceResult
    from motion_avatar_ros.generation_evaluation.resampling import Figure
    from motion_avatar_ros.generation_evaluation.validity import FaultFigures, RealBesideReal

_NAME_WIDTH, _WIDTH = 28, 22
_JUDGED = ('kid', 'fid', 'top_3', 'mm_distance')


def results_report(results: Sequence[SourceResult], about: Mapping[str, Any]) -> str:
    """Return a table with a row for each source, in two blocks, and one of the classes."""
    pool = about['pool']
    lines = [
        '', f"{about['clips']} clips of {about['captions']} captions, "
        f"{len(about['evaluators'])} evaluator(s); top_k in pools of {pool}: by chance "
        f"{', '.join(f'{depth / pool:.3f}' for depth in (1, 2, 3))}; 95 % by bootstrap over "
        'captions']
    names = list(results[0].figures)
    for block in (names[:6], names[6:]):
        lines += ['', _row('', block)]
        lines += [_row(each.name, [_cell(each.figures[name]) for name in block])
                  for each in results]
    classes = sorted(results[0].by_class)
    lines += ['', 'class seen as asked for', _row('', classes, 12)]
    lines += [_row(each.name, [f'{each.by_class[kind]:.2f}' for kind in classes], 12)
              for each in results]
    return '\n'.join(lines) + '\n'


def result_numbers(result: SourceResult) -> dict[str, Any]:
    """Return a row as JSON values."""
    return {'seeds': result.seeds, 'by_class': result.by_class,
            **{name: asdict(figure) for name, figure in result.figures.items()}}


def validity_report(real: RealBesideReal, faults: Mapping[str, FaultFigures]) -> str:
    """Return the mean over evaluators, and how many of them see each fault at every step."""
    lines = [
        f'real beside real: halves KID {real.kid.mean():.3f} '
        f'({real.kid_interval[0]:.3f} .. {real.kid_interval[1]:.3f}), FID {real.fid.mean():.2f}; '
        f'other split KID {real.kid_other.mean():.3f}, FID {real.fid_other.mean():.2f}']
    for name, figures in faults.items():
        lines += ['', _row(name, [f'{each:g}' for each in figures.strengths] + ['seen by'], 10)]
        for judged in _JUDGED:
            values = getattr(figures, judged).mean(axis=0)
            seen = figures.is_seen(judged)
            lines.append(_row(
                f'  {judged}', [f'{each:.3f}' for each in values]
                + [f'{sum(seen)} of {len(seen)}'], 10))
    return '\n'.join(lines) + '\n'


def validity_numbers(
    real: RealBesideReal, faults: Mapping[str, FaultFigures]
) -> dict[str, Any]:
    """Return the same as JSON values, of each evaluator."""
    return {
        'real': {
            'kid_halves': real.kid.tolist(), 'kid_halves_interval': real.kid_interval,
            'fid_halves': real.fid.tolist(), 'kid_other_split': real.kid_other.tolist(),
            'fid_other_split': real.fid_other.tolist()},
        'faults': {name: {
            'strengths': figures.strengths,
            **{judged: getattr(figures, judged).tolist() for judged in _JUDGED},
            'seen': {judged: figures.is_seen(judged) for judged in _JUDGED},
        } for name, figures in faults.items()}}


def _row(name: str, cells: Sequence[str], width: int = _WIDTH) -> str:
    return f'{name:{_NAME_WIDTH}}' + ''.join(f'{cell:>{width}}' for cell in cells)


def _cell(figure: Figure) -> str:
    if figure.low is None:
        return f'{figure.value:.3f}'
    return f'{figure.value:.3f} ({figure.low:.2f} .. {figure.high:.2f})'
