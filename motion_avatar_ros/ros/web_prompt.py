# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A box for words that become motion, on the web page. Knows no ROS."""

from __future__ import annotations

from collections import deque

from motion_avatar_ros.generation.prompt_text import PromptError, checked_prompt
from motion_avatar_ros.ros.web_view import WebView, update_handle

_NOTHING = 'nothing is typed; `stop` is standing'


class WebPrompt:
    """Text, button, and why nothing came of a click; clicks come from the page's threads."""

    def __init__(self, view: WebView) -> None:
        """Put them on the page, unseen until somebody listens."""
        gui = view.server.gui
        self._prompts: deque[str] = deque(maxlen=8)
        self._text = gui.add_text('motion', '', visible=False, hint='such as: walks and waves')
        self._button = gui.add_button('move so', visible=False)
        self._button.on_click(lambda _: self._prompts.append(self._text.value))
        self._refusal = gui.add_markdown('', visible=False)

    def take_prompt(self) -> str | None:
        """
        Return what was asked for, oldest first, in one line; None for nothing.

        What no generator takes is told on the page, until the next click.
        """
        while self._prompts:
            try:
                prompt = checked_prompt(self._prompts.popleft())
                refusal = '' if prompt else _NOTHING
            except PromptError as error:
                prompt, refusal = '', f'refused: {error}'
            update_handle(self._refusal, content=f'*{refusal}*', visible=bool(refusal))
            if prompt:
                return prompt
        return None

    def show(self, is_heard: bool) -> None:
        """Show the box while somebody listens."""
        for handle in (self._text, self._button):
            update_handle(handle, visible=is_heard)
        if not is_heard:
            update_handle(self._refusal, visible=False)
