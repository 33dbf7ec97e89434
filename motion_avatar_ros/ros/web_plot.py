# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The age of poses over the last minute, as a plot on the web page. Knows no ROS."""

from __future__ import annotations

from collections import deque

import numpy as np
from viser import uplot

from motion_avatar_ros.ros.web_view import WebView

_SECONDS = 60.0
_SAMPLES = 240
_COLOURS = {'p50': '#3a6ea5', 'p99': '#b4480a'}


class LatencyPlot:
    """Two lines, median and p99 [ms], against seconds from now."""

    def __init__(self, view: WebView) -> None:
        """Put the plot on the page, unseen before its first numbers."""
        self._samples: deque[tuple[float, float, float]] = deque(maxlen=_SAMPLES)
        self._plot = view.server.gui.add_uplot(
            data=(np.zeros(1), np.zeros(1), np.zeros(1)),
            series=(uplot.Series(label='s'), *(
                uplot.Series(label=name, stroke=colour, width=2)
                for name, colour in _COLOURS.items())),
            title='pose age, ms', scales={'x': uplot.Scale(time=False)}, aspect=1.8,
            visible=False)

    def add(self, now_s: float, p50_ms: float | None, p99_ms: float | None) -> None:
        """Take the numbers of now, None while no poses come."""
        if p50_ms is None or p99_ms is None:
            return
        self._samples.append((now_s, p50_ms, p99_ms))
        rows = np.array([row for row in self._samples if now_s - row[0] <= _SECONDS])
        self._plot.data = (rows[:, 0] - now_s, rows[:, 1], rows[:, 2])
        self._plot.visible = True
