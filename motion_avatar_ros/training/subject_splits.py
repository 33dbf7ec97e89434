# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Splits of clips by whole subjects: who is in one is in no other."""

from __future__ import annotations

from collections.abc import Sequence
import hashlib
from pathlib import PurePosixPath


def split_by_subject(
    names: Sequence[str], val_share: float, test_share: float
) -> dict[str, str]:
    """
    Return 'train', 'val' or 'test' of each file.

    A subject is the folder of a file, which it is in AMASS; a file in none is a subject of its
    own. The same subjects are split alike on every machine.

    Args:
        names: files relative to the data folder.
        val_share, test_share: of the subjects, together below 1; at least one subject each where
            there are three or more and the share is not 0.
    """
    subject_of = {name: _subject(name) for name in names}
    subjects = sorted(
        set(subject_of.values()),
        key=lambda subject: hashlib.sha256(subject.encode()).hexdigest())
    counts = {}
    for split, share in (('test', test_share), ('val', val_share)):
        least = int(share > 0.0 and len(subjects) >= 3)
        counts[split] = max(round(share * len(subjects)), least)
    split_of = dict.fromkeys(subjects, 'train')
    split_of.update(dict.fromkeys(subjects[:counts['test']], 'test'))
    split_of.update(dict.fromkeys(
        subjects[counts['test']:counts['test'] + counts['val']], 'val'))
    return {name: split_of[subject_of[name]] for name in names}


def _subject(name: str) -> str:
    folder = PurePosixPath(name).parent.as_posix()
    return name if folder == '.' else folder
