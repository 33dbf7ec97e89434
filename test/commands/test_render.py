# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`render`: strips and videos of people and robots."""

from __future__ import annotations

import shutil

import numpy as np
from PIL import Image
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import save_motion
from motion_avatar_ros.commands.main import main


@pytest.fixture
def clip(tmp_path):
    save_motion(tmp_path / 'clip.npz', swaying_motion(1, 60))
    return str(tmp_path / 'clip.npz')


def inked(picture) -> np.ndarray:
    return (np.asarray(picture).astype(int) < 240).any(axis=-1)


def test_a_strip_has_somebody_on_the_floor_in_every_picture(clip, tmp_path):
    out = tmp_path / 'strip.png'
    assert main(['render', '--motion', clip, '--out', str(out), '--columns', '4']) == 0
    ink = inked(Image.open(out))
    assert ink.shape == (180, 480)
    for column in range(4):
        rows = np.nonzero(ink[:, 120 * column:120 * (column + 1)].any(axis=1))[0]
        assert 100 < np.ptp(rows) < 175 and rows.max() > 160


def test_a_robot_is_drawn_below_the_person_whom_it_follows(clip, tmp_path):
    pytest.importorskip('pinocchio', reason='needs pinocchio')
    out = tmp_path / 'strip.png'
    assert main([
        'render', '--motion', clip, '--out', str(out), '--columns', '2', '--robot', 'g1']) == 0
    ink = inked(Image.open(out))
    assert ink.shape == (360, 240)
    assert ink[180:, :120].sum() > 1000 and ink[180:, 120:].sum() > 1000


def test_a_video_has_a_picture_per_frame_of_its_rate(clip, tmp_path):
    out = tmp_path / 'clip.gif'
    assert main(['render', '--motion', clip, '--out', str(out), '--rate-hz', '5']) == 0
    with Image.open(out) as video:
        assert 4 <= video.n_frames <= 6 and video.size == (360, 480)


@pytest.mark.parametrize(('name', 'options', 'word'), [
    ('a.txt', (), '.png'), ('a.png', ('--columns', '0'), '1 and more'),
    ('a.png', ('--robot', 'nobody'), 'nobody')])
def test_what_cannot_be_drawn_is_told_in_one_line_and_nothing_is_written(
        clip, tmp_path, capsys, name, options, word):
    assert main(['render', '--motion', clip, '--out', str(tmp_path / name), *options]) == 2
    error = capsys.readouterr().err
    assert word in error and error.count('\n') == 1
    assert not (tmp_path / name).exists()


def test_a_missing_ffmpeg_is_told_with_another_way(clip, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, 'which', lambda name: None)
    assert main(['render', '--motion', clip, '--out', str(tmp_path / 'a.mp4')]) == 2
    assert 'write .gif instead' in capsys.readouterr().err
