# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An error that quotes a file of a stranger is one line and moves no cursor."""

from __future__ import annotations

from motion_avatar_ros.errors import MotionAvatarError


def test_what_is_not_printable_is_escaped():
    text = str(MotionAvatarError('joint \x1b[2J\n\ud800 of é'))
    assert text == 'joint \\x1b[2J\\n\\ud800 of é'
    text.encode()


def test_the_middle_of_a_long_text_is_left_out():
    text = str(MotionAvatarError('begin' + 'x' * 10 ** 6 + 'end'))
    assert len(text) < 3100 and text.startswith('begin') and text.endswith('end')
