# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
from pathlib import Path

import pytest

from motion_avatar_ros.training.clips import (
    TABLE_SETS, TRAINING_SETS, DataFolderError, clip_name, find_clips, has_splits, present_sets,
)

SPLITS = {
    'cmu/07/a.npz': 'train', 'cmu/07/b.npz': 'test', 'hdm05_bysa/bd/c.npz': 'test',
    'other/d.npz': 'test', 'other/e.npz': 'val',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with splits; the clips are empty files, nothing reads them."""
    for name in SPLITS:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / 'splits.json').write_text(json.dumps(SPLITS))
    return tmp_path


def names(folder: Path, *arguments) -> list[str]:
    return [clip_name(folder, path) for path in find_clips(folder, *arguments)]


def test_split_holds_its_files_of_all_sets_sorted(folder):
    assert names(folder, 'test') == ['cmu/07/b', 'hdm05_bysa/bd/c', 'other/d']
    assert names(folder, 'train') == ['cmu/07/a']


def test_sets_filter_by_first_folder(folder):
    assert names(folder, 'test', ('cmu', 'other')) == ['cmu/07/b', 'other/d']


def test_set_without_a_clip_in_the_split_is_no_error_beside_one_with(folder):
    assert names(folder, 'val', ('cmu', 'other')) == ['other/e']
    with pytest.raises(DataFolderError, match="split 'val' for sets cmu"):
        find_clips(folder, 'val', ('cmu',))


def test_file_that_splits_do_not_name_is_not_used(folder):
    (folder / 'cmu' / 'stray.npz').touch()
    assert 'cmu/stray' not in names(folder, 'test')


def test_missing_file_is_warned_of_and_left_out(folder, caplog):
    (folder / 'cmu/07/b.npz').unlink()
    assert names(folder, 'test') == ['hdm05_bysa/bd/c', 'other/d']
    assert '1 of 3 files' in caplog.text


def test_split_whose_files_are_all_missing_is_an_error(folder):
    (folder / 'cmu/07/a.npz').unlink()
    with pytest.raises(DataFolderError, match='1 listed files do not exist'):
        find_clips(folder, 'train')


def test_unknown_split_or_set_names_the_known_ones(folder):
    with pytest.raises(DataFolderError, match="no split 'dev'.*known: test, train, val"):
        find_clips(folder, 'dev')
    with pytest.raises(DataFolderError, match="no set 'kit'; known: cmu, hdm05_bysa, other"):
        find_clips(folder, 'test', ('cmu', 'kit'))
    with pytest.raises(DataFolderError, match='known: cmu'):
        find_clips(folder, 'test', ())


def test_folder_without_splits_is_used_whole_without_amass_shape_files(tmp_path):
    for name in ('x_poses.npz', 'deep/er/y_stageii.npz', 'deep/shape.npz',
                 'deep/neutral_stagei.npz', 'deep/notes.txt'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert not has_splits(tmp_path)
    assert names(tmp_path, 'test') == ['deep/er/y_stageii', 'x_poses']
    assert names(tmp_path, 'train', ('deep',)) == ['deep/er/y_stageii']


def test_missing_and_empty_folders_are_told_apart(tmp_path):
    with pytest.raises(DataFolderError, match='no such folder'):
        find_clips(tmp_path / 'nowhere', 'test')
    with pytest.raises(DataFolderError, match='no motion file'):
        find_clips(tmp_path, 'test')


@pytest.mark.parametrize('text', ['{', '[]', '{"a.npz": 3}', '\xff'])
def test_bad_splits_file_is_one_clear_error(tmp_path, text):
    (tmp_path / 'splits.json').write_bytes(text.encode('latin-1'))
    with pytest.raises(DataFolderError, match=r'splits\.json'):
        find_clips(tmp_path, 'test')


def test_sets_of_the_tables_are_the_default_where_the_folder_has_them(folder, tmp_path):
    assert present_sets(folder, TABLE_SETS) == ('cmu', 'hdm05_bysa')
    assert present_sets(folder, TRAINING_SETS) == ('cmu', 'hdm05_bysa')
    assert present_sets(folder, ('kit',)) is None
    assert present_sets(tmp_path / 'nowhere', TABLE_SETS) is None
