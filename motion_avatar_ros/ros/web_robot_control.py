# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's engage and stop on the web page, and what its node says. Knows no ROS."""

from __future__ import annotations

from collections import deque

from motion_avatar_ros.ros.web_view import WebView, update_handle

ENGAGE, DISENGAGE, STOP, RESET = 'engage', 'disengage', 'stop', 'reset'
#: What the first button asks for, by the state of the engage gate (`safety.engage_gate`).
_NEXT = {'disengaged': ENGAGE, 'stopped': RESET}
_LABELS = {
    ENGAGE: 'engage robot', DISENGAGE: 'disengage robot', RESET: 'release stop'}
_ANSWER_S = 8.0     # how long an answer stays


class WebRobotControl:
    """Buttons and a line of text; clicks come from the page's threads, the rest from one."""

    def __init__(self, view: WebView) -> None:
        """Put them on the page, unseen until a robot's node is there."""
        gui = view.server.gui
        self._requests: deque[str] = deque()
        self._next = ENGAGE
        # Above everything whose height changes: a stop must not slip away under the finger.
        self._stop = gui.add_button(
            'STOP robot', color='red', visible=False, order=-3,
            hint='commands end at once and stay away; it is no emergency stop')
        self._stop.on_click(lambda _: self._requests.append(STOP))
        self._engage = gui.add_button(
            _LABELS[ENGAGE], visible=False, order=-2,
            hint='commands begin where the robot is, and approach the operator slowly')
        self._engage.on_click(lambda _: self._requests.append(self._next))
        self._state = gui.add_markdown('', visible=False, order=-1)
        self._answer, self._answer_until_s = '', 0.0

    def take_request(self) -> str | None:
        """Return what was clicked, oldest first; a stop goes before everything."""
        if STOP in self._requests:
            self._requests.clear()
            return STOP
        return self._requests.popleft() if self._requests else None

    def show_answer(self, is_good: bool, message: str, now_s: float) -> None:
        """Show what the robot's node answered for a while."""
        self._answer = message if is_good else f'refused: {message}'
        self._answer_until_s = now_s + _ANSWER_S

    def show(self, state: str | None, reason: str, now_s: float) -> None:
        """
        Show how the robot is.

        Args:
            state: of the engage gate; None while there is no robot's node.
            reason: why it is so.
            now_s: steady time [s].
        """
        is_there = state is not None
        self._next = _NEXT.get(state or '', DISENGAGE)
        text = f'robot: **{state}**, {reason}' if is_there else ''
        if now_s < self._answer_until_s:
            text += f'\n\n*{self._answer}*'
        update_handle(
            self._engage, visible=is_there,
            label=_LABELS[self._next])
        update_handle(self._stop, visible=is_there)
        update_handle(self._state, visible=is_there, content=text)
