# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whole subjects in one split, the same ones everywhere."""

from __future__ import annotations

from collections import defaultdict

import pytest

from motion_avatar_ros.training.subject_splits import split_by_subject

NAMES = [f'CMU/{subject:02d}/{subject:02d}_{take:02d}_poses.npz'
         for subject in range(40) for take in range(5)]


def test_no_subject_is_in_two_splits_and_shares_are_of_subjects():
    splits = split_by_subject(NAMES, 0.05, 0.1)
    of_subject = defaultdict(set)
    for name, split in splits.items():
        of_subject[name.split('/')[1]].add(split)
    assert all(len(split) == 1 for split in of_subject.values())
    counts = [sum(split == {name} for split in of_subject.values())
              for name in ('train', 'val', 'test')]
    assert counts == [34, 2, 4] and list(splits) == NAMES


def test_the_order_of_files_does_not_matter():
    assert split_by_subject(NAMES[::-1], 0.05, 0.1) == split_by_subject(NAMES, 0.05, 0.1)


@pytest.mark.parametrize(('subjects', 'splits'), [
    (1, {'train'}), (2, {'train'}), (3, {'train', 'val', 'test'})])
def test_few_subjects_leave_something_to_train_on(subjects, splits):
    names = [f's{index}/a.npz' for index in range(subjects)]
    assert set(split_by_subject(names, 0.05, 0.05).values()) == splits


def test_files_in_no_folder_are_subjects_of_their_own():
    assert len(set(split_by_subject([f'{n}.npz' for n in range(30)], 0.1, 0.1).values())) == 3
