# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""HumanML3D as its users have it: cuts, captions of parts, splits, and what is left out."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.motion import Motion, load_motion, save_motion
from motion_avatar_ros.commands.main import main
from motion_avatar_ros.training.captioned_clips import load_captioned_clips
from motion_avatar_ros.training.clips import DataFolderError
from motion_avatar_ros.training.humanml3d import plan_humanml3d

INDEX = """source_path,start_frame,end_frame,new_name
./pose_data/CMU/01/01_01_poses.npy,10,190,000000.npy
./pose_data/humanact12/humanact12/P11G01R02F1812T1847A0402.npy,0,-1,000001.npy
./pose_data/Eyes_Japan_Dataset/aita/turn-03-look at-aita_poses.npy,5,105,000002.npy
./pose_data/BioMotionLab_NTroje/rub001/0000_treadmill_poses.npy,0,90,000003.npy
./pose_data/KIT/3/nobody_has_this_poses.npy,0,90,000004.npy
./pose_data/CMU/01/01_01_poses.npy,0,30,000005.npy
./pose_data/CMU/01/01_01_poses.npy,20,120,000006.npy
"""
TEXTS = {
    '000000': 'a man kicks with his left leg.#a/DET man/NOUN kick/VERB#0.0#0.0\n'
              'someone kicks#someone/PRON kick/VERB#nan#nan\n\n'
              'he walks to the right#he/PRON walk/VERB#1.0#4.0\n'
              'he waits#he/PRON wait/VERB#8.0#9.0\n',
    '000002': 'a person turns.#a/DET person/NOUN turn/VERB#0.0#0.0',
    '000003': 'someone runs#someone/PRON run/VERB#0.0#0.0',
    '000004': 'someone sings#someone/PRON sing/VERB#0.0#0.0',
    '000005': 'someone blinks#someone/PRON blink/VERB#0.0#0.0',
}
SPLITS = {'train': ['000000', 'M000000', '000001', 'M000001', '000004', '000005', '000006'],
          'val': ['000002', 'M000002'], 'test': ['000003', 'M000003']}


@pytest.fixture
def amass(tmp_path):
    """Return a folder of AMASS, one set under its newer name and in SMPL-X's release."""
    folder = tmp_path / 'amass'
    for name, frames, rate_hz in (
            ('CMU/01/01_01_poses', 1300, 120.0),
            ('BMLrub/rub001/0000_treadmill_stageii', 500, 100.0),
            ('Eyes_Japan_Dataset/aita/turn-03-look at-aita_poses', 700, 60.0)):
        (folder / name).parent.mkdir(parents=True)
        save_motion(folder / f'{name}.npz', Motion(swaying_motion(3, frames).poses, rate_hz))
    return folder


@pytest.fixture(params=['folder', 'archive'])
def humanml3d(request, tmp_path):
    """Return the repository, its texts unpacked or not."""
    source = tmp_path / 'HumanML3D'
    inner = source / 'HumanML3D'
    inner.mkdir(parents=True)
    (source / 'index.csv').write_text(INDEX)
    for split, names in SPLITS.items():
        (inner / f'{split}.txt').write_text('\n'.join(names) + '\n')
    texts = TEXTS | {f'M{name}': text.replace('left', 'right') for name, text in TEXTS.items()}
    if request.param == 'folder':
        (inner / 'texts').mkdir()
        for name, text in texts.items():
            (inner / 'texts' / f'{name}.txt').write_text(text)
    else:
        with zipfile.ZipFile(inner / 'texts.zip', 'w') as archive:
            for name, text in texts.items():
                archive.writestr(f'texts/{name}.txt', text)
                archive.writestr(f'__MACOSX/texts/._{name}.txt', 'no text')
    return source


def test_it_becomes_a_folder_to_train_on(humanml3d, amass, tmp_path, capsys):
    out = tmp_path / 'data'
    arguments = ['prepare', str(humanml3d), '--amass', str(amass), '--out', str(out), '--jobs', '1']  # noqa: E501
    assert main(arguments) == 0
    assert json.loads((out / 'splits.json').read_text()) == {
        'humanml3d/000000.npz': 'train', 'humanml3d/000000_20_80.npz': 'train',
        'humanml3d/000002.npz': 'val', 'humanml3d/000003.npz': 'test'}
    assert json.loads((out / 'captions.json').read_text())['humanml3d/000000.npz'] == [
        'a man kicks with his left leg.', 'someone kicks']
    told = capsys.readouterr().out
    for reason in ('4 mirrored copies', '1 clips of HumanAct12', '1 clips whose file is not in',
                   '2 clips, or parts of them, below 40', '1 clips without a text',
                   '4 files (1 test, 2 train, 1 val)'):
        assert reason in told

    plain, mirrored, part, _ = load_captioned_clips(out, 'train', with_mirrored=True)
    assert len(plain.features) == 180 and len(part.features) == 60
    assert part.captions == ('he walks to the right',) and part.set == 'humanml3d'
    assert mirrored.captions[0] == 'a man kicks with his right leg.' and mirrored.is_mirrored


def test_frames_are_those_that_humanml3d_means(humanml3d, amass, tmp_path):
    out = tmp_path / 'data'
    main(['prepare', str(humanml3d), '--amass', str(amass), '--out', str(out), '--jobs', '1'])
    for name, file, first, count in (
            ('000000', 'CMU/01/01_01_poses', 10 * 6, 180),
            ('000000_20_80', 'CMU/01/01_01_poses', (10 + 20) * 6, 60),
            ('000002', 'Eyes_Japan_Dataset/aita/turn-03-look at-aita_poses', (60 + 5) * 3, 100),
            ('000003', 'BMLrub/rub001/0000_treadmill_stageii', 0, 90)):
        source, cut = load_motion(amass / f'{file}.npz'), load_motion(out / f'humanml3d/{name}.npz')  # noqa: E501
        at_20 = cut.resampled(20.0).poses.root_position
        step = int(source.rate_hz / 20)
        assert len(at_20) == count and cut.rate_hz <= 60.0
        assert np.abs(
            at_20 - source.poses.root_position[first::step][:count]).max() < 1e-3


def test_what_exists_is_kept_and_not_read_again(humanml3d, amass, tmp_path):
    out = tmp_path / 'data'
    arguments = ['prepare', str(humanml3d), '--amass', str(amass), '--out', str(out), '--jobs', '1']  # noqa: E501
    main(arguments)
    (out / 'humanml3d/000003.npz').unlink()
    (amass / 'CMU/01/01_01_poses.npz').write_bytes(b'not read')
    assert main(arguments) == 0
    assert len(list(out.rglob('*.npz'))) == 4


@pytest.mark.parametrize(('file', 'text', 'problem'), [
    ('index.csv', 'a,b\n1,2\n', 'columns are end_frame, new_name, source_path, start_frame'),
    ('index.csv', INDEX.replace('10,190', 'ten,190'), 'line 2 is not readable'),
    ('index.csv', INDEX.replace('CMU/01/01_01', '../../secret', 1), "line 2 names '000000'"),
    ('index.csv', INDEX.replace('000000', '../000000'), 'line 2 names'),
    ('HumanML3D/train.txt', '000099\n', "'000099' of train.txt is not in index.csv"),
    ('HumanML3D/val.txt', None, 'no val.txt')])
def test_files_that_are_not_as_the_format_has_them_are_told(
        humanml3d, amass, file, text, problem):
    if text is None:
        (humanml3d / file).unlink()
    else:
        (humanml3d / file).write_text(text)
    with pytest.raises(DataFolderError, match=problem):
        plan_humanml3d(humanml3d, amass)


def test_an_amass_folder_with_none_of_its_files_is_told(humanml3d, tmp_path):
    (tmp_path / 'other').mkdir()
    with pytest.raises(DataFolderError, match='no clip is left .*whose file is not in'):
        plan_humanml3d(humanml3d, tmp_path / 'other')


def test_without_amass_its_option_is_named(humanml3d, tmp_path, capsys):
    for source in (humanml3d, humanml3d / 'HumanML3D'):
        assert main(['prepare', str(source), '--out', str(tmp_path / 'data')]) == 2
        assert '--amass' in capsys.readouterr().err
