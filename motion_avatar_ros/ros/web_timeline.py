# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The states of avatar and robot over the last minute, as coloured bands. Knows no ROS."""

from __future__ import annotations

from collections import deque
from html import escape

from motion_avatar_ros.ros.web_view import WebView

_SECONDS = 60.0
_GOOD, _WAIT, _BAD, _REST, _GONE = '#1a7f4b', '#e0a020', '#b3261e', '#9aa7b5', '#e4e8ed'
#: By state of the avatar (`safety.watchdog`), then of the robot (`safety.engage_gate`).
COLOURS = {
    'waiting': _REST, 'tracking': _GOOD, 'hold': _WAIT, 'error': _BAD,
    'disengaged': _REST, 'aligning': '#3a6ea5', 'engaged': _GOOD, 'stopped': _BAD,
}
_ROW = ('<div style="display:flex;align-items:center;gap:0.5em;margin:0.2em 0.9em;font-size:0.8em'
        '">'
        '<span style="width:3.6em">{name}</span><svg viewBox="0 0 60 4" preserveAspectRatio="none"'
        ' style="flex:1;height:1em;border-radius:0.2em;background:{gone}">{bands}</svg>'
        '<span style="width:6.2em;overflow:hidden;text-overflow:ellipsis">{state}</span></div>')


class StateTimeline:
    """One band for each of several states, newest on the right."""

    def __init__(self, view: WebView) -> None:
        """Put it on the page, unseen before its first state."""
        self._changes: dict[str, deque[tuple[float, str | None]]] = {}
        self._html = view.server.gui.add_html('', visible=False)

    def add(self, now_s: float, states: dict[str, str | None]) -> None:
        """Take the states of now by name; None where nobody tells one."""
        for name, state in states.items():
            if state is None and name not in self._changes:
                continue    # not heard of yet
            changes = self._changes.setdefault(name, deque())
            if not changes or changes[-1][1] != state:
                changes.append((now_s, state))
            while len(changes) > 1 and changes[1][0] < now_s - _SECONDS:
                changes.popleft()
        if self._changes:
            self._html.content = ''.join(
                _row(name, list(changes), now_s) for name, changes in self._changes.items())
            self._html.visible = True


def _row(name: str, changes: list[tuple[float, str | None]], now_s: float) -> str:
    bands = []
    ends_s = [change[0] for change in changes[1:]] + [now_s]
    for (start_s, state), end_s in zip(changes, ends_s, strict=True):
        if state is None:
            continue
        left = max(start_s - now_s + _SECONDS, 0.0)
        width = end_s - now_s + _SECONDS - left
        bands.append(f'<rect x="{left:.2f}" y="0" width="{width:.2f}" height="4" '
                     f'fill="{COLOURS.get(state, _REST)}"/>')
    return _ROW.format(
        name=escape(name), gone=_GONE, bands=''.join(bands),
        state=escape(changes[-1][1] or 'silent'))
