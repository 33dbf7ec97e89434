# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A chart of what a frame costs against sizes, as an SVG file that stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_WIDTH, _HEIGHT = 250, 210
_LEFT, _TOP, _BOTTOM = 46, 34, 34
_INK, _FAINT, _LINE = '#333', '#bbb', '#2a6fb0'


def scaling_chart(title: str, axes: Mapping[str, Mapping[str, float]]) -> str:
    """
    Return one panel for each axis, side by side, on one scale of cost.

    Args:
        title: of the chart.
        axes: cost [ms] by size, by axis; sizes stand at equal distances, as they double.
    """
    most_ms = max(cost for costs in axes.values() for cost in costs.values())
    parts = [_text(8, 16, f'{title}: median ms a frame', 'start', 13)]
    for number, (axis, costs) in enumerate(axes.items()):
        parts += _panel(number * _WIDTH, axis, costs, most_ms)
    width = _WIDTH * len(axes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" '
        f'width="{width}" height="{_HEIGHT}"><rect width="100%" height="100%" fill="#fff"/>'
        f'{"".join(parts)}</svg>\n')


def _panel(left: int, axis: str, costs: Mapping[str, float], most_ms: float) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    begin, end = left + _LEFT, left + _WIDTH - 14
    distance = (end - begin) / max(len(costs) - 1, 1)
    places = [
        (begin + number * distance, bottom - (bottom - _TOP) * cost / most_ms)
        for number, cost in enumerate(costs.values())]
    line = ' '.join(f'{x:.1f},{y:.1f}' for x, y in places)
    parts = [
        f'<path d="M{begin} {bottom}H{end}" stroke="{_FAINT}"/>',
        f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="2"/>',
        _text((begin + end) / 2, _HEIGHT - 4, axis, 'middle', 12)]
    for (x, y), (size, cost) in zip(places, costs.items(), strict=True):
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_LINE}"/>',
            _text(x, y - 7, f'{cost:.1f}', 'middle', 10),
            _text(x, bottom + 14, size, 'middle', 10)]
    return parts


def _text(x: float, y: float, text: str, anchor: str, size: int) -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'font-family="sans-serif" fill="{_INK}">{escape(text)}</text>')
