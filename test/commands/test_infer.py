# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`infer`: a motion file in, a motion file out, and nothing overwritten."""

from __future__ import annotations

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import load_motion, save_motion
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.estimation.random_mage import write_random_mage
from motion_avatar_ros.estimation.random_model import write_random_baseline


@pytest.fixture
def clip(tmp_path):
    save_motion(tmp_path / 'clip.npz', swaying_motion(1, 90))
    return tmp_path / 'clip.npz'


@pytest.mark.parametrize(('write', 'options'), [
    (write_random_baseline, ()), (write_random_mage, ()),
    (write_random_mage, ('--windows', '32,16')), (write_random_mage, ('--trackers', 'head'))])
def test_the_inferred_motion_has_the_clips_head_and_length(tmp_path, clip, write, options):
    model, out = write(tmp_path / 'tiny'), tmp_path / 'out.npz'
    assert main(['infer', '--clip', str(clip), '--out', str(out), '--model', str(model),
                 '--device', 'cpu', *options]) == 0
    given, inferred = load_motion(clip).resampled(60.0), load_motion(out)
    assert (len(inferred), inferred.rate_hz) == (len(given), 60.0)
    heads = [motion.poses.global_joints()[1][:, 15] for motion in (given, inferred)]
    np.testing.assert_allclose(*heads, atol=1e-5)


@pytest.mark.parametrize(('change', 'word'), [
    ({'--out': 'clip.npz'}, 'exists already'), ({'--out': 'none/out.npz'}, 'folder that exists'),
    ({'--out': 'out.txt'}, '.npz'), ({'--clip': 'none.npz'}, 'no such file'),
    ({'--model': 'none'}, 'shipped models'), ({'--trackers': 'left_hand'}, 'needs')])
def test_what_cannot_be_done_is_one_line_and_nothing_is_written(
    tmp_path, clip, monkeypatch, capsys, change, word
):
    monkeypatch.chdir(tmp_path)
    model = write_random_mage(tmp_path / 'tiny')
    options = {'--clip': 'clip.npz', '--out': 'out.npz', '--model': str(model), **change}
    before = clip.read_bytes()
    assert main(['infer', *(part for pair in options.items() for part in pair)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and word in lines[0]
    assert clip.read_bytes() == before and not (tmp_path / 'out.npz').exists()
