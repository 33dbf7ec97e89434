# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import sys

from motion_avatar_ros.commands import progress
from motion_avatar_ros.commands.progress import Progress


def test_log_file_gets_plain_lines_at_intervals_and_a_last_one(capsys, monkeypatch):
    clock_s = [0.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: clock_s[0])
    with Progress('walk', 40, 'frames') as steps:
        for _ in range(40):
            clock_s[0] += 0.6
            steps.advance(1)
    assert capsys.readouterr().err.splitlines() == [
        'walk: 17 of 40 frames, 10 s', 'walk: 34 of 40 frames, 20 s',
        'walk: 40 of 40 frames, 24 s',
    ]


def test_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, 'isatty', lambda: True, raising=False)
    with Progress('walk', 3, 'frames') as steps:
        steps.advance(3)
    written = capsys.readouterr()
    assert written.out == ''
    assert '\r' in written.err and 'walk' in written.err


def test_work_that_fails_does_not_claim_to_have_finished(capsys):
    try:
        with Progress('walk', 3, 'frames'):
            raise ValueError('lost')
    except ValueError:
        pass
    assert capsys.readouterr().err == ''
