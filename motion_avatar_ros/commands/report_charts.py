# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Charts as inline SVG, without a plotting library.

Colours are the classes c0 .. c7 of `report_style`, so that a chart follows the page into dark
mode and onto paper. Every text is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
import math

COLOURS = 8
_BARS_WIDTH, _SHARES_WIDTH, _INTERVALS_WIDTH = 340, 540, 720
_ROW, _LABEL_CHARACTERS = 38, 46
_MARGIN_LEFT, _MARGIN_BOTTOM = 44, 40


@dataclass(frozen=True)
class Bar:
    """
    A value with its name.

    Attributes:
        label: what it is of.
        value: None draws no bar.
        low, high: ends of its interval; None where there is none.
        colour: number of its colour; those beyond COLOURS begin anew.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    colour: int = 0


def bar_chart(bars: Sequence[Bar], reference: float | None = None) -> str:
    """
    Return horizontal bars from zero, each under its name and with its number.

    Args:
        bars: from top to bottom.
        reference: a value to draw a line at.
    """
    ends = [end for bar in bars for end in (bar.value, bar.high) if end is not None]
    most = max([*ends, reference or 0.0, 1e-9])
    room = _BARS_WIDTH - 70.0
    height = _ROW * len(bars) + 6
    parts = []
    if reference is not None:
        x = room * reference / most
        parts.append(f'<line class="reference" x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{height}"/>')
    for row, bar in enumerate(bars):
        top = _ROW * row
        parts.append(_text(0, top + 13, _shortened(bar.label), title=bar.label))
        if bar.value is None:
            parts.append(_text(0, top + 29, 'not told', kind='muted'))
            continue
        end = max(room * bar.value / most, 1.0)
        parts.append(f'<rect class="c{bar.colour % COLOURS}" x="0" y="{top + 19}" '
                     f'width="{end:.1f}" height="11" rx="2"/>')
        if bar.low is not None and bar.high is not None:
            low, high = (room * value / most for value in (bar.low, bar.high))
            parts.append(
                f'<path class="whisker" d="M{low:.1f} {top + 24.5}H{high:.1f}'
                f'M{low:.1f} {top + 21}v7M{high:.1f} {top + 21}v7"/>')
            end = max(end, high)
        parts.append(_text(end + 6, top + 29, f'{bar.value:.2f}', kind='number'))
    return _svg(_BARS_WIDTH, height, parts)


@dataclass(frozen=True)
class Curve:
    """Values of clips in one colour."""

    values: Sequence[float]
    colour: int


def share_chart(curves: Sequence[Curve], axis: str) -> str:
    """Return, for each curve, the share of clips below a value, against the value."""
    values = [value for curve in curves for value in curve.values]
    ticks = _ticks(0.0, max([*values, 1e-9]))
    width, height = _SHARES_WIDTH, 280
    right, bottom = width - 12.0, height - float(_MARGIN_BOTTOM)

    def x(value: float) -> float:
        return _MARGIN_LEFT + (right - _MARGIN_LEFT) * value / ticks[-1]

    def y(share: float) -> float:
        return bottom - (bottom - 10.0) * share

    parts = []
    for percent in (0, 25, 50, 75, 100):
        at = y(percent / 100.0)
        parts.append(f'<line class="grid" x1="{_MARGIN_LEFT}" x2="{right}" '
                     f'y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(_text(
            _MARGIN_LEFT - 6, at + 4, f'{percent} %', kind='muted', anchor='end'))
    for tick in ticks:
        parts.append(_text(x(tick), bottom + 16, f'{tick:g}', kind='muted', anchor='middle'))
    parts.append(_text(right, bottom + 33, axis, kind='muted', anchor='end'))
    for curve in curves:
        ordered = sorted(curve.values)
        steps = ''.join(
            f'H{x(value):.1f}V{y((count + 1) / len(ordered)):.1f}'
            for count, value in enumerate(ordered))
        parts.append(f'<path class="curve s{curve.colour % COLOURS}" '
                     f'd="M{x(0.0):.1f} {y(0.0):.1f}{steps}H{right:.1f}"/>')
    return _svg(width, height, parts)


def interval_chart(rows: Sequence[Bar], axis: str) -> str:
    """Return values with their intervals about zero, one row each."""
    known = [row for row in rows if row.value is not None]
    ends = [end for row in known for end in (row.value, row.low, row.high) if end is not None]
    ticks = _ticks(min([*ends, 0.0]), max([*ends, 0.0]))
    width, height = _INTERVALS_WIDTH, 26 * len(known) + _MARGIN_BOTTOM
    left, right = 170.0, width - 76.0
    bottom = height - float(_MARGIN_BOTTOM) + 4.0

    def x(value: float) -> float:
        return left + (right - left) * (value - ticks[0]) / (ticks[-1] - ticks[0])

    parts = []
    for tick in ticks:
        kind = 'reference' if tick == 0.0 else 'grid'
        parts.append(f'<line class="{kind}" x1="{x(tick):.1f}" x2="{x(tick):.1f}" '
                     f'y1="0" y2="{bottom:.1f}"/>')
        parts.append(_text(x(tick), bottom + 15, f'{tick:g}', kind='muted', anchor='middle'))
    parts.append(_text(right, bottom + 31, axis, kind='muted', anchor='end'))
    for number, row in enumerate(known):
        assert row.value is not None
        middle = 26 * number + 13
        parts.append(_text(0, middle + 4, _shortened(row.label), title=row.label))
        if row.low is not None and row.high is not None:
            parts.append(
                f'<path class="whisker" d="M{x(row.low):.1f} {middle}H{x(row.high):.1f}"/>')
        parts.append(f'<circle class="c{row.colour % COLOURS}" cx="{x(row.value):.1f}" '
                     f'cy="{middle}" r="4.5"/>')
        parts.append(_text(width, middle + 4, f'{row.value:+.1f}', kind='number', anchor='end'))
    return _svg(width, height, parts)


def _ticks(low: float, high: float) -> list[float]:
    """Return round values from at most `low` to at least `high`, some five of them."""
    span = max(high - low, 1e-6)
    power = 10.0 ** math.floor(math.log10(span / 4.0))
    step = next(step for step in (power, 2.0 * power, 5.0 * power, 10.0 * power)
                if span / step <= 6.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * number, 12) for number in range(first, max(last, first + 1) + 1)]


def _shortened(text: str) -> str:
    return text if len(text) <= _LABEL_CHARACTERS else text[:_LABEL_CHARACTERS - 1] + '…'


def _text(
    x: float, y: float, text: str, kind: str = 'label', anchor: str = 'start', title: str = '',
) -> str:
    tip = f'<title>{escape(title)}</title>' if title else ''
    return (f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
            f'{tip}{escape(text)}</text>')


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
            f'{"".join(parts)}</svg>')
