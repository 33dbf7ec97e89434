# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Calibration on the web page: a button, prompts across the page, the operator in the panel.

Prompts are as large as the page allows: who reads them stands two metres away with both arms
stretched out. Knows no ROS.
"""

from __future__ import annotations

from html import escape
import threading

from motion_avatar_ros.ros.calibration_report import CalibrationReport, offset_rows, size_line
from motion_avatar_ros.ros.calibration_session import DONE, REFUSED
from motion_avatar_ros.ros.plain_markdown import plain_markdown
from motion_avatar_ros.ros.web_view import WebView, update_handle
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS

_VERDICT_S = 20.0  # how long a verdict stays
_PROMPT_COLOUR, _HINT_COLOUR = '#16324f', '#b4480a'
_GOOD_COLOUR, _BAD_COLOUR = '#1a7f4b', '#b3261e'
_TRACK_COLOUR = '#d5dce4'
# Across the page whatever the panel's own place and size; clicks go through.
_BANNER = """\
<div style="position:fixed;left:0;bottom:0;width:100vw;z-index:1000;pointer-events:none;\
text-align:center;font-family:sans-serif">
<div style="display:inline-block;box-sizing:border-box;width:min(94vw,100em);margin-bottom:2vh;\
padding:2.2vmin 3vmin;border-radius:2vmin;background:rgba(255,255,255,0.93);\
box-shadow:0 0.4vmin 2.5vmin rgba(20,40,60,0.25)">
<div style="font-size:clamp(26px,6.4vmin,110px);font-weight:700;line-height:1.15;\
color:{colour}">{text}</div>
{below}
</div></div>
"""
_HINT = """\
<div style="font-size:clamp(20px,4.4vmin,76px);line-height:1.2;min-height:1.2em;\
margin-top:1vmin;color:{colour}">{text}</div>
"""


class WebCalibration:
    """Button, banner and the operator's figures on one page; `show` is for one thread only."""

    def __init__(self, view: WebView) -> None:
        """Put them on the page, the button at rest."""
        gui = view.server.gui
        self._asked = threading.Event()
        self._button = gui.add_button(
            'calibrate', hint='head, arms and floor of whoever wears the trackers, in 15 s')
        self._button.on_click(lambda _: self._asked.set())
        self._folder = gui.add_folder('operator', expand_by_default=False, visible=False)
        with self._folder:
            self._operator = gui.add_markdown('')
        self._banner = gui.add_html('', visible=False)
        self._verdict: tuple[str, str] | None = None
        self._verdict_until_s = 0.0
        self._was_running = False

    def take_request(self) -> bool:
        """Return whether the button was clicked since the last call."""
        is_asked = self._asked.is_set()
        self._asked.clear()
        return is_asked

    def show_answer(self, is_good: bool, message: str, now_s: float) -> None:
        """Show a verdict for a while."""
        self._verdict = (_GOOD_COLOUR if is_good else _BAD_COLOUR, message)
        self._verdict_until_s = now_s + _VERDICT_S

    def show(
        self, report: CalibrationReport | None, now_s: float, is_offered: bool = True
    ) -> None:
        """
        Show what goes on.

        Args:
            report: what avatar_node says, None while it says nothing.
            now_s: steady time [s].
            is_offered: whether there may be an operator to calibrate.
        """
        is_running = report is not None and report.is_running
        if report is not None:
            update_handle(self._operator, content=operator_markdown(report))
            update_handle(self._folder, visible=True)
            if self._was_running and report.state in (DONE, REFUSED):
                self.show_answer(report.state == DONE, report.message, now_s)
        self._was_running = is_running
        update_handle(self._button, visible=is_offered, disabled=is_running)
        if report is not None and is_running:
            self._verdict = None
            self._show_banner(prompt_html(report))
        elif self._verdict is not None and now_s < self._verdict_until_s:
            self._show_banner(verdict_html(*self._verdict))
        else:
            update_handle(self._banner, visible=False)

    def _show_banner(self, html: str) -> None:
        update_handle(self._banner, content=html)
        update_handle(self._banner, visible=True)


def prompt_html(report: CalibrationReport) -> str:
    """Return the banner of a running calibration."""
    bars = ''.join(
        f'<div style="flex:1;height:2vmin;border-radius:1vmin;background:{_TRACK_COLOUR}">'
        f'<div style="height:100%;border-radius:1vmin;background:{_GOOD_COLOUR};'
        f'width:{100.0 * _share(report, number):.0f}%"></div></div>'
        for number in range(1, len(CALIBRATION_STEPS) + 1))
    below = _HINT.format(colour=_HINT_COLOUR, text=escape(report.hint)) + (
        f'<div style="display:flex;gap:1.5vmin;margin-top:1.5vmin">{bars}</div>')
    return _BANNER.format(colour=_PROMPT_COLOUR, text=escape(report.message), below=below)


def verdict_html(colour: str, message: str) -> str:
    """Return the banner of an ended calibration: the first sentence large, the rest below."""
    first, _, rest = message.partition('; ')
    below = _HINT.format(colour=_PROMPT_COLOUR, text=escape(rest)) if rest else ''
    return _BANNER.format(colour=colour, text=escape(first), below=below)


def operator_markdown(report: CalibrationReport) -> str:
    """Return the operator's size and offsets for the panel."""
    calibration = report.calibration
    if not calibration.offsets and not calibration.fits:
        return f'*{plain_markdown(calibration.verdict)}*'
    lines = [plain_markdown(size_line(calibration)), '', '| offset | cm | deg |', '|---|---|---|']
    lines += [f'| {name} | {position} | {angles} |'
              for name, position, angles, _ in offset_rows(calibration)]
    return '\n'.join([*lines, '', f'*{plain_markdown(calibration.verdict)}*'])


def _share(report: CalibrationReport, number: int) -> float:
    """Return how much of a step is done; `number` counts from 1."""
    if number == report.step_number:
        return report.progress
    return float(number < report.step_number)
