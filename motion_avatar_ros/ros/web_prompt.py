# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A box for words that become motion, on the web page. Knows no ROS."""

from __future__ import annotations

from collections import deque

from motion_avatar_ros.ros.web_view import WebView, update_handle

_LONGEST = 300


class WebPrompt:
    """Text and button; clicks come from the page's threads."""

    def __init__(self, view: WebView) -> None:
        """Put them on the page, unseen until somebody listens."""
        gui = view.server.gui
        self._prompts: deque[str] = deque(maxlen=8)
        self._text = gui.add_text('motion', '', visible=False, hint='such as: walks and waves')
        self._button = gui.add_button('move so', visible=False)
        self._button.on_click(lambda _: self._prompts.append(self._text.value))

    def take_prompt(self) -> str | None:
        """Return what was asked for, oldest first, in one line; None for nothing."""
        while self._prompts:
            prompt = ' '.join(self._prompts.popleft().split())[:_LONGEST]
            if prompt:
                return prompt
        return None

    def show(self, is_heard: bool) -> None:
        """Show the box while somebody listens."""
        for handle in (self._text, self._button):
            update_handle(handle, visible=is_heard)
