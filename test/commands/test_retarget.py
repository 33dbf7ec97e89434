# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`check-robot` and `retarget` on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from swaying_motion import swaying_motion

pytest.importorskip('pinocchio', reason='needs pinocchio')

from motion_avatar_ros.body.motion import save_motion  # noqa: E402
from motion_avatar_ros.commands.main import main  # noqa: E402
from motion_avatar_ros.retarget.urdf import UrdfError, find_urdf  # noqa: E402


@pytest.fixture(autouse=True)
def example_robots():
    try:
        find_urdf('g1')
    except UrdfError as error:
        pytest.skip(str(error))


@pytest.fixture
def clip(tmp_path):
    save_motion(tmp_path / 'clip.npz', swaying_motion(1, 40))
    return tmp_path / 'clip.npz'


def test_check_robot_names_what_it_found_and_what_is_doubtful(capsys):
    assert main(['check-robot', 'g1', '--json']) == 0
    out = capsys.readouterr().out
    found = json.loads(out.splitlines()[-1])
    assert found['left_arm']['elbow'] == 'left_elbow_joint'
    assert found['head'] == [] and 'no head joint' in found['doubts'][0]
    assert 'doubtful: no head joint' in out and 'left_knee_joint' in out
    assert found['left_arm']['reach_m'] == pytest.approx(0.345, abs=0.002)
    assert found['limits']['left_knee_joint']['upper_rad'] == pytest.approx(2.8798)
    assert 'limits   left_knee_joint: -5 to 165 deg, 20.0 rad/s' in out


@pytest.mark.parametrize('suffix', ['.npz', '.csv'])
def test_a_file_of_joints_is_written_by_name(tmp_path, clip, suffix):
    out = tmp_path / f'robot{suffix}'
    assert main(['retarget', '--motion', str(clip), '--out', str(out)]) == 0
    if suffix == '.npz':
        with np.load(out) as archive:
            names, joints = archive['joint_names'].tolist(), archive['joints']
            assert float(archive['rate_hz']) == 60.0
            np.testing.assert_allclose(
                np.linalg.norm(archive['base_quaternion_xyzw'], axis=1), 1.0)
    else:
        names = out.read_text().splitlines()[0].split(',')[8:]
        joints = np.loadtxt(out, delimiter=',', skiprows=1)[:, 8:]
    assert names[:1] == ['left_hip_pitch_joint'] and joints.shape[1] == len(names) == 29
    assert np.isfinite(joints).all() and np.ptp(joints, axis=0).max() > 0.01


@pytest.mark.parametrize(('change', 'word'), [
    ({'--out': 'clip.npz'}, 'exists already'), ({'--out': 'none/r.npz'}, 'folder that exists'),
    ({'--out': 'r.txt'}, '.npz or .csv'), ({'--motion': 'none.npz'}, 'no such file'),
    ({'--robot': 'none'}, 'examples: g1'), ({'--robot': 'clip.npz'}, 'cannot be read')])
def test_what_cannot_be_done_is_one_line_and_nothing_is_written(
    tmp_path, clip, monkeypatch, capsys, change, word
):
    monkeypatch.chdir(tmp_path)
    options = {'--motion': 'clip.npz', '--out': 'r.npz', **change}
    before = clip.read_bytes()
    assert main(['retarget', *(part for pair in options.items() for part in pair)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and word in lines[0]
    assert clip.read_bytes() == before and not (tmp_path / 'r.npz').exists()


def test_a_folder_is_retargeted_side_by_side_and_what_exists_is_kept(tmp_path, capsys):
    for name in ('a/x', 'a/y', 'z'):
        (tmp_path / 'in' / name).parent.mkdir(parents=True, exist_ok=True)
        save_motion(tmp_path / 'in' / f'{name}.npz', swaying_motion(1, 30))
    command = ['retarget', '--motion', str(tmp_path / 'in'), '--out', str(tmp_path / 'out'),
               '--format', 'csv', '--jobs', '2']
    assert main(command) == 0
    written = {path: path.read_bytes() for path in (tmp_path / 'out').rglob('*.*')}
    assert {str(path.relative_to(tmp_path / 'out')) for path in written} == {
        'a/x.csv', 'a/y.csv', 'z.csv'}
    kept = tmp_path / 'out' / 'a' / 'x.csv'
    kept.write_text('mine')
    (tmp_path / 'out' / 'z.csv').unlink()
    assert main(command) == 0
    assert kept.read_text() == 'mine'
    assert (tmp_path / 'out' / 'z.csv').read_bytes() == written[tmp_path / 'out' / 'z.csv']
    assert '2 of 3 files exist already' in capsys.readouterr().out


def test_a_bad_file_of_a_folder_is_named_and_the_others_are_written(tmp_path, capsys):
    (tmp_path / 'in').mkdir()
    save_motion(tmp_path / 'in' / 'good.npz', swaying_motion(1, 30))
    (tmp_path / 'in' / 'bad.npz').write_bytes(b'nothing')
    command = ['retarget', '--motion', str(tmp_path / 'in'), '--out', str(tmp_path / 'out')]
    assert main([*command, '--jobs', '1']) == 1
    assert 'bad.npz' in capsys.readouterr().err
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['good.npz']


def test_a_mapping_that_is_written_is_read_back(tmp_path, clip, capsys):
    mapping = tmp_path / 'g1.yaml'
    assert main(['check-robot', 'g1', '--write', str(mapping)]) == 0
    first = capsys.readouterr().out
    assert main(['check-robot', 'g1', '--mapping', str(mapping)]) == 0
    assert capsys.readouterr().out.splitlines()[1:9] == first.splitlines()[1:9]
    outs = []
    for number, more in enumerate(([], ['--mapping', str(mapping)])):
        out = tmp_path / f'{number}.npz'
        assert main(['retarget', '--motion', str(clip), '--out', str(out), *more]) == 0
        outs.append(np.load(out)['joints'])
    np.testing.assert_allclose(*outs, atol=5e-3)   # lengths in the file are rounded


def test_legs_of_an_upper_body_are_written_as_they_stand(tmp_path, clip):
    out = tmp_path / 'robot.npz'
    assert main([
        'retarget', '--motion', str(clip), '--out', str(out), '--mode', 'upper_body']) == 0
    with np.load(out) as archive:
        knee = archive['joint_names'].tolist().index('left_knee_joint')
        assert np.ptp(archive['joints'][:, knee]) == 0.0
        assert np.ptp(archive['base_position'], axis=0).max() == 0.0
