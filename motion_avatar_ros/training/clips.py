# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Finding the clips of a data folder.

A data folder is any folder of AMASS-style npz files, searched recursively. A `splits.json` in
it (file, relative to the folder, to the name of its split) picks the clips of a split; without
one the folder is used whole, whatever the split. The first folder of a clip's path is its set.
"""

from __future__ import annotations

from collections.abc import Sequence
import json
import logging
from pathlib import Path, PurePosixPath

from motion_avatar_ros.errors import MotionAvatarError

SPLITS_FILE = 'splits.json'
#: The sets that this package's metrics tables are on.
TABLE_SETS = ('cmu', 'hdm05_bysa')
#: The sets that weights shipped with this package are trained on.
TRAINING_SETS = (*TABLE_SETS, 'reactidle_mit')

#: What AMASS puts beside its motions: body shapes, no frames.
_SHAPE_FILES = ('shape.npz', '*_stagei.npz')
_MOST_BYTES = 64_000_000
_LONGEST_NAME = 200
_LISTED = 12  # names of a kind that a message lists at most

_log = logging.getLogger(__name__)


class DataFolderError(MotionAvatarError):
    """A data folder that is missing or holds no clip of what was asked for."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(f"data folder '{path}': {problem}")


def find_clips(
    data: str | Path, split: str, sets: Sequence[str] | None = None
) -> list[Path]:
    """
    Return the motion files of a split, sorted by path.

    Args:
        data: a data folder.
        split: a split of its splits.json; means nothing for a folder without one.
        sets: names of sets (first folders) to keep; None keeps all.

    Raises:
        DataFolderError: no such folder, split or set, or none of their files exists.
    """
    folder = Path(data)
    if not folder.is_dir():
        raise DataFolderError(folder, 'no such folder')
    splits = read_splits(folder)
    if splits is None:
        all_names = names = npz_names(folder)
        where = 'in it'
    else:
        if split not in splits.values():
            known = _listed(sorted(set(splits.values())))
            raise DataFolderError(
                folder, f"no split '{split}' in its {SPLITS_FILE}; known: {known}")
        all_names = sorted(splits)
        names = [name for name in all_names if splits[name] == split]
        where = f"in its split '{split}'"
    if sets is not None:
        names = _of_sets(folder, names, all_names, sets)
        where += f' for sets {_listed(sets)}'
    clips = [path for path in (folder / name for name in names) if path.is_file()]
    if not clips:
        missing = f' ({len(names)} listed files do not exist)' if names else ''
        raise DataFolderError(folder, f'no motion file (.npz) {where}{missing}')
    if len(clips) < len(names):
        _log.warning(
            "data folder '%s': %d of %d files %s do not exist",
            folder, len(names) - len(clips), len(names), where)
    return clips


def has_splits(data: str | Path) -> bool:
    """Return whether the folder has a splits.json; without one it is used whole."""
    return (Path(data) / SPLITS_FILE).is_file()


def present_sets(data: str | Path, wanted: Sequence[str]) -> tuple[str, ...] | None:
    """
    Return the sets to use when a user names none.

    Those of `wanted` (see `TABLE_SETS`, `TRAINING_SETS`) that the folder's splits.json has;
    None, which is all sets, for a folder without a splits.json or without any of them.
    """
    present = {_set_of(name) for name in read_splits(Path(data)) or {}}
    return tuple(name for name in wanted if name in present) or None


def npz_names(folder: Path) -> list[str]:
    """Return the motion files below a folder, relative to it and sorted."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob('*.npz')
        if not any(path.match(pattern) for pattern in _SHAPE_FILES))


def clip_name(data: str | Path, clip: Path) -> str:
    """Return a clip's path relative to its data folder, without the suffix."""
    return clip.relative_to(data).with_suffix('').as_posix()


def _of_sets(
    folder: Path, names: Sequence[str], all_names: Sequence[str], sets: Sequence[str]
) -> list[str]:
    known = sorted({_set_of(name) for name in all_names if '/' in name})
    unknown = [name for name in sets if name not in known]
    if unknown or not sets:
        raise DataFolderError(
            folder, f"no set '{_listed(unknown)}'; known: {_listed(known) or 'none'}")
    return [name for name in names if _set_of(name) in sets]


def read_splits(folder: Path) -> dict[str, str] | None:
    """Return the split of each file that splits.json lists; None for a folder without one."""
    path = folder / SPLITS_FILE
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataFolderError(folder, f'{SPLITS_FILE} has more than {_MOST_BYTES:,} bytes')
        splits = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError) as error:
        raise DataFolderError(folder, f'{SPLITS_FILE} is not readable JSON ({error})') from None
    if not isinstance(splits, dict) or not all(
            isinstance(its_split, str) for its_split in splits.values()):
        raise DataFolderError(folder, f'{SPLITS_FILE} must map each file to the name of a split')
    for name in splits:
        parts = PurePosixPath(name).parts
        if not parts or parts[0] == '/' or '..' in parts or '\0' in name or (
                len(name) > _LONGEST_NAME):
            raise DataFolderError(
                folder, f"{SPLITS_FILE} names '{name[:_LONGEST_NAME]}'; allowed: files in the "
                'folder')
    return splits


def _set_of(name: str) -> str:
    return name.split('/', 1)[0]


def _listed(names: Sequence[str]) -> str:
    listed = ', '.join(names[:_LISTED])
    return f'{listed}, ... ({len(names)} in all)' if len(names) > _LISTED else listed
