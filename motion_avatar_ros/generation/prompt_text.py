# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What somebody typed, made into one line that an encoder may see."""

from __future__ import annotations

import unicodedata

from motion_avatar_ros.errors import MotionAvatarError

LONGEST = 1000


class PromptError(MotionAvatarError):
    """A prompt that is refused."""


def checked_prompt(text: str) -> str:
    """
    Return a prompt in one line: what cannot be seen becomes a space, spaces become one.

    Any script is taken; '' stands for no wish at all.

    Raises:
        PromptError: longer than 1000 characters.
    """
    seen = ''.join(' ' if unicodedata.category(each)[0] in 'CZ' else each for each in text)
    prompt = ' '.join(seen.split())
    if len(prompt) > LONGEST:
        raise PromptError(f'a prompt of {len(prompt)} characters; allowed: at most {LONGEST}')
    return prompt
