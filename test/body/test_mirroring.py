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


@pytest.mark.parametrize(('text', 'other'), [
    ('walks counter-clockwise', 'walks clockwise'),
    ('an anti clockwise turn', 'an clockwise turn'),
    ('leans rightwards, left-handed', 'leans leftwards, right-handed'),
    ('the leftmost righthand side', 'the rightmost lefthand side'),
    ('upright, brightly, the leftovers of the righteous',
     'upright, brightly, the leftovers of the righteous')])
def test_compounds_of_sides_are_exchanged_and_words_that_only_hold_one_are_not(text, other):
    assert mirrored_text(text) == other
