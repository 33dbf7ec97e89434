# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever is typed becomes one printable line, or is refused in one."""

from __future__ import annotations

import pytest

from motion_avatar_ros.generation.prompt_text import LONGEST, PromptError, checked_prompt


@pytest.mark.parametrize(('text', 'prompt'), [
    ('', ''), (' \t\r\n\x00\u200b\u2028', ''), ('  a person\n walks ', 'a person walks'),
    ('\x1b[31mwalk\x07', '[31mwalk'), ('walk\u202eback', 'walk back'),
    ('walk\udcffs', 'walk s'),      # a byte of a command line that is no text
    ('человек идёт', 'человек идёт'), ('人が歩く', '人が歩く'), ('שָׁלוֹם', 'שָׁלוֹם'), ('🕺🏽', '🕺🏽'),
    (' ' * 10_000 + 'walk', 'walk'),
    ('a' * LONGEST, 'a' * LONGEST), ('歩' * LONGEST, '歩' * LONGEST)])
def test_what_is_typed_becomes_one_line_of_what_can_be_seen(text, prompt):
    made = checked_prompt(text)
    assert made == prompt and (made.isprintable() or not made)
    made.encode()


@pytest.mark.parametrize('text', ['a' * (LONGEST + 1), 'walk\n' * 2000, '\U0001f57a' * 10_000])
def test_a_prompt_that_is_too_long_is_refused_in_one_line_that_does_not_repeat_it(text):
    with pytest.raises(PromptError) as refusal:
        checked_prompt(text)
    assert str(refusal.value).isprintable() and len(str(refusal.value)) < 100
    assert f'at most {LONGEST}' in str(refusal.value)
