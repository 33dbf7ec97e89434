# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Words typed on the page."""

from __future__ import annotations

import pytest

from motion_avatar_ros.generation.prompt_text import LONGEST
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


def test_words_of_any_script_come_in_one_line_and_whole_up_to_what_a_generator_takes(prompt):
    for text in ('walks\n and\twaves ', 'человек\x00 идёт\x1b', '人が歩く', 'a' * LONGEST):
        prompt._prompts.append(text)
    said = ['walks and waves', 'человек идёт', '人が歩く', 'a' * LONGEST]
    assert [prompt.take_prompt() for _ in said] == said
    assert prompt.take_prompt() is None and not prompt._refusal.visible


@pytest.mark.parametrize(('text', 'why'), [
    ('a' * 10_000, f'allowed: at most {LONGEST}'), ('', 'nothing is typed'),
    (' \x00\n\t', 'nothing is typed')])
def test_what_no_generator_takes_is_not_sent_and_told_until_the_next_click(prompt, text, why):
    prompt._prompts.append(text)
    assert prompt.take_prompt() is None
    assert prompt._refusal.visible and why in prompt._refusal.content
    prompt._prompts.append('walks')
    assert prompt.take_prompt() == 'walks' and not prompt._refusal.visible
