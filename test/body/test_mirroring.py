# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Left and right exchanged in words; poses are looked at through motion features."""

from __future__ import annotations

import pytest

from motion_avatar_ros.body.mirroring import mirrored_text


@pytest.mark.parametrize(('text', 'other'), [
    ('a person waves the right hand', 'a person waves the left hand'),
    ('Left foot, then right foot', 'Right foot, then left foot'),
    ('someone turns clockwise, brightly', 'someone turns counterclockwise, brightly')])
def test_words_for_sides_are_exchanged(text, other):
    assert mirrored_text(text) == other and mirrored_text(other) == text
