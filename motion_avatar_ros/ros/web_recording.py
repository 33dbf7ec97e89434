# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The button on the web page that records, and how the recording is. Knows no ROS."""

from __future__ import annotations

import threading

from motion_avatar_ros.ros.web_view import WebView, update_handle

_LABELS = {False: 'record', True: 'end recording'}


class WebRecording:
    """Button and a line of text; clicks come from the page's threads."""

    def __init__(self, view: WebView) -> None:
        """Put them on the page."""
        gui = view.server.gui
        self._asked = threading.Event()
        self._button = gui.add_button(
            _LABELS[False], hint='trackers, body, robot and commands into a bag')
        self._button.on_click(lambda _: self._asked.set())
        self._text = gui.add_markdown('', visible=False)

    def take_request(self) -> bool:
        """Return whether the button was clicked since the last call."""
        is_asked = self._asked.is_set()
        self._asked.clear()
        return is_asked

    def show(self, is_recording: bool, text: str) -> None:
        """Show whether it records, and a line about it."""
        update_handle(self._button, label=_LABELS[is_recording])
        update_handle(self._text, content=text, visible=bool(text))
