# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A choice among names on the web page, such as which model runs. Knows no ROS."""

from __future__ import annotations

from collections.abc import Sequence
import threading

from motion_avatar_ros.ros.web_view import WebView, update_handle


class WebChooser:
    """A drop-down and what became of the choice; clicks come from the page's threads."""

    def __init__(self, view: WebView, label: str, choices: Sequence[str]) -> None:
        """Put it on the page, unseen until it is told what runs."""
        self._offered = self._choices = tuple(choices)
        self._lock = threading.Lock()
        self._asked: str | None = None
        self._running = ''
        self._dropdown = view.server.gui.add_dropdown(label, self._choices, visible=False)
        self._dropdown.on_update(self._on_update)
        self._answer = view.server.gui.add_markdown('', visible=False)

    def take_request(self) -> str | None:
        """Return what was chosen since the last call and does not run, or None."""
        with self._lock:
            asked, self._asked = self._asked, None
        return None if asked == self._running else asked

    def offer(self, choices: Sequence[str]) -> None:
        """Offer other names, where those that are offered are of something else."""
        if self._offered != tuple(choices):
            self._offered = self._choices = tuple(choices)
            self._dropdown.options = self._choices

    def show(self, running: str | None, is_busy: bool, answer: str = '') -> None:
        """
        Show how things are.

        Args:
            running: what runs, None where nobody tells.
            is_busy: whether a choice is being carried out.
            answer: why the last choice came to nothing, or ''.
        """
        with self._lock:
            is_asked = self._asked is not None
        if running is not None and not is_busy and not is_asked:
            self._running = running
            if running not in self._choices:
                self._choices = (*self._choices, running)
                self._dropdown.options = self._choices
            update_handle(self._dropdown, value=running)
        update_handle(self._dropdown, visible=running is not None, disabled=is_busy)
        update_handle(self._answer, visible=bool(answer), content=answer)

    def _on_update(self, event: object) -> None:
        if getattr(event, 'client_id', None) is not None:   # else it was set by `show`
            with self._lock:
                self._asked = self._dropdown.value
