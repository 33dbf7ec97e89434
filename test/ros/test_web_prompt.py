# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Words typed on the page."""

from __future__ import annotations

import pytest

from motion_avatar_ros.ros.web_prompt import WebPrompt
from motion_avatar_ros.ros.web_view import WebView, WebViewSettings


@pytest.fixture
def prompt():
    page = WebView(WebViewSettings(port=0))
    yield WebPrompt(page)
    page.close()


def test_the_box_is_there_while_somebody_listens(prompt):
    assert not prompt._text.visible
    prompt.show(True)
    assert prompt._text.visible and prompt._button.visible
    prompt.show(False)
    assert not prompt._text.visible


def test_words_come_in_one_line_of_bounded_length_and_empty_ones_not_at_all(prompt):
    for text in ('  ', 'walks\n and\twaves ', 'a' * 5000):
        prompt._prompts.append(text)
    assert prompt.take_prompt() == 'walks and waves'
    assert prompt.take_prompt() == 'a' * 300
    assert prompt.take_prompt() is None
