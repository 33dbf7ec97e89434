# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`prepare` of AMASS-style and BVH files."""

from __future__ import annotations

import json

from bvh_text import bvh_text
import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.bvh_motion import SKELETONS
from motion_avatar_ros.body.motion import Motion, load_motion, save_motion
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.training.clips import find_clips


@pytest.fixture
def source(tmp_path):
    """Return a folder as AMASS has it, with one subject in BVH."""
    folder = tmp_path / 'source'
    for subject in ('01', '02', '03'):
        (folder / 'CMU' / subject).mkdir(parents=True)
        np.savez(folder / 'CMU' / subject / 'shape.npz', betas=np.zeros(16))
    for name, rate_hz in (('CMU/01/a_poses', 120.0), ('CMU/01/b_poses', 30.0),
                          ('CMU/02/a_poses', 120.0)):
        save_motion(folder / f'{name}.npz', Motion(swaying_motion(1, 90).poses, rate_hz))
    poses = swaying_motion(2, 90).poses
    (folder / 'CMU/03/a.bvh').write_text(bvh_text(
        poses.global_joints()[0], poses.root_position, SKELETONS['CMU'], rate_hz=120.0))
    return folder


def prepare(source, out, *more):
    return main(['prepare', str(source), '--out', str(out), '--jobs', '1', *map(str, more)])


def test_a_folder_is_ready_to_train_on_with_whole_subjects_apart(source, tmp_path, capsys):
    out = tmp_path / 'out'
    assert prepare(source, out) == 0
    assert capsys.readouterr().out.startswith('4 files (')
    splits = json.loads((out / 'splits.json').read_text())
    assert set(splits) == {'CMU/01/a_poses.npz', 'CMU/01/b_poses.npz', 'CMU/02/a_poses.npz',
                           'CMU/03/a.npz'}
    assert set(splits.values()) == {'train', 'val', 'test'}
    assert splits['CMU/01/a_poses.npz'] == splits['CMU/01/b_poses.npz']
    assert not (out / 'captions.json').exists()
    assert sum(len(find_clips(out, split)) for split in ('train', 'val', 'test')) == 4
    fast, slow = load_motion(out / 'CMU/01/a_poses.npz'), load_motion(out / 'CMU/01/b_poses.npz')
    assert (fast.rate_hz, len(fast)) == (60.0, 45) and (slow.rate_hz, len(slow)) == (30.0, 90)
    truth = load_motion(source / 'CMU/01/a_poses.npz').poses.local_rotations[::2]
    assert geodesic_angle(fast.poses.local_rotations, truth).max() < 1e-3
    assert load_motion(out / 'CMU/03/a.npz').rate_hz == pytest.approx(60.0)


def test_splits_and_captions_of_the_source_are_taken_over(source, tmp_path):
    (source / 'splits.json').write_text(json.dumps(
        {'CMU/01/a_poses.npz': 'test', 'CMU/03/a.bvh': 'train', 'CMU/09/gone.npz': 'train'}))
    (source / 'captions.json').write_text(json.dumps({'CMU/03/a.bvh': ['someone wäves']}))
    out = tmp_path / 'out'
    assert prepare(source, out) == 0
    assert json.loads((out / 'splits.json').read_text()) == {
        'CMU/01/a_poses.npz': 'test', 'CMU/03/a.npz': 'train'}
    assert json.loads((out / 'captions.json').read_text(encoding='utf-8')) == {
        'CMU/03/a.npz': ['someone wäves']}


def test_a_broken_file_is_told_and_the_others_are_prepared(source, tmp_path, capsys):
    (source / 'CMU/02/a_poses.npz').write_bytes(b'PK nothing')
    out = tmp_path / 'out'
    assert prepare(source, out) == 1
    told = capsys.readouterr()
    assert 'not prepared' in told.err and 'CMU/02/a_poses.npz' in told.err
    assert '3 files' in told.out
    assert 'CMU/02/a_poses.npz' not in json.loads((out / 'splits.json').read_text())
    assert not list(out.rglob('*.partial.npz'))


def test_one_file_is_prepared_too(source, tmp_path):
    assert prepare(source / 'CMU/03/a.bvh', tmp_path / 'out') == 0
    assert load_motion(tmp_path / 'out/a.npz').rate_hz == pytest.approx(60.0)


@pytest.mark.parametrize(('more', 'problem'), [
    (('--amass', '.'), 'no HumanML3D, which has an index.csv'),
    (('--val-share', '0.5', '--test-share', '0.5'), 'leave nothing to train on'),
    (('--jobs', '0'), 'allowed are -1')])
def test_options_that_do_not_fit_are_told(source, tmp_path, capsys, more, problem):
    assert prepare(source, tmp_path / 'out', *more) == 2
    assert problem in capsys.readouterr().err


def test_sources_that_are_none_are_told(source, tmp_path, capsys):
    (tmp_path / 'empty').mkdir()
    for given, out, problem in (
            (tmp_path / 'empty', 'out', 'no AMASS-style .npz and no .bvh'),
            (tmp_path / 'missing', 'out', 'no such file or folder'),
            (source, 'source/out', 'lies in'),
            (source / 'CMU/01/a_poses.npz', 'source/CMU/01/a_poses.npz', 'is a file')):
        assert prepare(given, tmp_path / out) == 2
        assert problem in capsys.readouterr().err
    (source / 'CMU/01/a_poses.bvh').write_text('')
    assert prepare(source, tmp_path / 'out') == 2
    assert 'as .npz and as .bvh' in capsys.readouterr().err
