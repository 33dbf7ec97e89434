# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
HumanML3D (Guo et al., CVPR 2022) for those who have it, with the AMASS files that it names.

`index.csv` (source_path, start_frame, end_frame, new_name) cuts AMASS files, frames counted at
20 Hz behind what is dropped at the beginning of some sets; `texts` (a folder, or texts.zip) has
lines `caption#tokens#start#end` for each name, times in seconds, both 0 for the whole clip;
train.txt, val.txt and test.txt list the names. Names that begin with M are mirrored copies, which
are made here when clips are loaded, in the split of their original. What comes from HumanAct12
has no rotations and is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
import csv
import math
from pathlib import Path
import re
import zipfile

from motion_avatar_ros.training.captioned_clips import LEAST_FRAMES
from motion_avatar_ros.training.clips import DataFolderError
from motion_avatar_ros.training.preparation import Piece, Preparation

INDEX_FILE = 'index.csv'
SET = 'humanml3d'
_SPLITS = ('train', 'val', 'test')
_FRAMES_HZ = 20.0
#: Frames at 20 Hz that stand at the beginning of a set's files before people move.
_DROPPED = {'Eyes_Japan_Dataset': 60, 'MPI_HDM05': 60, 'TotalCapture': 20, 'MPI_Limits': 20,
            'Transitions_mocap': 10}
#: AMASS has renamed sets since.
_RENAMED = {
    'BioMotionLab_NTroje': 'BMLrub', 'MPI_HDM05': 'HDM05', 'MPI_Limits': 'PosePrior',
    'MPI_mosh': 'MoSh', 'DFaust_67': 'DFaust', 'SSM_synced': 'SSM',
    'TCD_handMocap': 'TCDHands', 'Transitions_mocap': 'Transitions'}
_NAME = re.compile(r'[A-Za-z0-9_-]{1,40}')
_COLUMNS = {'source_path', 'start_frame', 'end_frame', 'new_name'}
_MOST_TEXT_BYTES = 1_000_000


def is_humanml3d(source: Path) -> bool:
    """Return whether a folder is HumanML3D's repository, or the folder HumanML3D inside it."""
    return (source / INDEX_FILE).is_file() or (
        (source.parent / INDEX_FILE).is_file() and (source / 'train.txt').is_file())


def plan_humanml3d(source: Path, amass: Path) -> Preparation:
    """
    Return what is to be done for HumanML3D.

    Args:
        source: its folder, the repository or the folder HumanML3D inside it.
        amass: folder of the sets of AMASS.

    Raises:
        DataFolderError: a file is missing or not as the format has it, or no AMASS file is there.
    """
    if not amass.is_dir():
        raise DataFolderError(amass, 'no such folder; it should hold the sets of AMASS')
    index = _read_index(_found(source, INDEX_FILE))
    texts = _texts(source)
    left_out: Counter[str] = Counter()
    pieces, splits, captions = [], {}, {}
    for split in _SPLITS:
        for name in _read_names(_found(source, f'{split}.txt')):
            if name.startswith('M'):
                left_out['mirrored copies, which are made when clips are loaded'] += 1
                continue
            if name not in index:
                raise DataFolderError(source, f"'{name}' of {split}.txt is not in {INDEX_FILE}")
            path, start, end = index[name]
            if 'humanact12' in path:
                left_out['clips of HumanAct12, which have no rotations'] += 1
                continue
            file = _amass_file(amass, path)
            if file is None:
                left_out[f"clips whose file is not in '{amass}'"] += 1
                continue
            text = texts(name)
            if text is None:
                left_out['clips without a text'] += 1
                continue
            dropped = _DROPPED.get(Path(path).parts[0], 0)
            for cut, said in _parts(source, name, text, end - start).items():
                out = f'{SET}/{name}' + (f'_{cut[0]}_{cut[1]}' if cut else '') + '.npz'
                first, stop = cut or (0, end - start)
                if stop - first < LEAST_FRAMES:
                    left_out[f'clips, or parts of them, below {LEAST_FRAMES} frames'] += 1
                    continue
                pieces.append(Piece(
                    file, out, (dropped + start + first, dropped + start + stop)))
                splits[out], captions[out] = split, said
    if not pieces:
        reasons = '; '.join(f'{count} {reason}' for reason, count in left_out.items())
        raise DataFolderError(source, f'no clip is left ({reasons})')
    return Preparation(pieces, splits, captions, left_out)


def _found(source: Path, name: str) -> Path:
    """Return a file of the repository, wherever in it the user stands."""
    for folder in (source, source / 'HumanML3D', source.parent):
        if (folder / name).exists():
            return folder / name
    raise DataFolderError(source, f'no {name}, which HumanML3D has')


def _read_index(path: Path) -> dict[str, tuple[str, int, int]]:
    """Return path below AMASS, first frame and the one behind the last, by name."""
    index = {}
    with open(path, newline='', encoding='utf-8') as handle:
        rows = csv.DictReader(handle)
        if not _COLUMNS <= set(rows.fieldnames or ()):
            raise DataFolderError(path, f'columns are {", ".join(sorted(_COLUMNS))}')
        for row in rows:
            try:
                source = row['source_path'].removeprefix('./').removeprefix('pose_data/')
                name = row['new_name'].removesuffix('.npy')
                start, end = int(row['start_frame']), int(row['end_frame'])
            except (ValueError, AttributeError, TypeError):
                raise DataFolderError(path, f'line {rows.line_num} is not readable') from None
            if not _NAME.fullmatch(name) or '..' in Path(source).parts or (
                    Path(source).is_absolute()):
                raise DataFolderError(path, f"line {rows.line_num} names '{name}' of '{source}'")
            index[name] = source, start, end
    return index


def _read_names(path: Path) -> list[str]:
    return [name for name in path.read_text(encoding='utf-8').split() if name]


def _texts(source: Path) -> Callable[[str], str | None]:
    """Return what reads the text of a name, from the folder or from the archive."""
    try:
        folder = _found(source, 'texts')
    except DataFolderError:
        pass
    else:
        return lambda name: _read_text(folder / f'{name}.txt')
    path = _found(source, 'texts.zip')
    try:
        with zipfile.ZipFile(path) as archive:
            found = {
                Path(member.filename).name: archive.read(member).decode('utf-8', 'replace')
                for member in archive.infolist()
                if member.filename.endswith('.txt') and '__MACOSX' not in member.filename
                and member.file_size <= _MOST_TEXT_BYTES}
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise DataFolderError(path, f'not a readable archive ({error})') from None
    return lambda name: found.get(f'{name}.txt')


def _read_text(path: Path) -> str | None:
    return path.read_text(encoding='utf-8', errors='replace') if path.is_file() else None


def _parts(
    source: Path, name: str, text: str, frames: int
) -> dict[tuple[int, int] | None, list[str]]:
    """Return the captions of the whole clip (None) and of parts of it, frames at 20 Hz."""
    parts: dict[tuple[int, int] | None, list[str]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        fields = line.strip().split('#')
        try:
            caption, (begin_s, end_s) = fields[0].strip(), map(_seconds, fields[2:4])
        except ValueError:
            raise DataFolderError(
                source, f"texts of '{name}': '{line[:60]}' is not caption#tokens#start#end"
            ) from None
        if not caption:
            continue
        cut = None if begin_s == end_s == 0.0 else (
            int(begin_s * _FRAMES_HZ), min(int(end_s * _FRAMES_HZ), frames))
        parts.setdefault(cut, []).append(caption)
    return parts


def _seconds(text: str) -> float:
    """Return a time of a caption; some are nan, which stands for none."""
    value = float(text)
    if math.isnan(value):
        return 0.0
    if not 0.0 <= value < 1e6:
        raise ValueError(text)
    return value


def _amass_file(amass: Path, source: str) -> Path | None:
    """Return the file, by the set's older or newer name and in SMPL-H's or SMPL-X's release."""
    first, *rest = Path(source).parts
    stem = Path(*rest).with_suffix('').as_posix() if rest else ''
    stems = (stem, stem.removesuffix('_poses') + '_stageii')
    for folder in (first, _RENAMED.get(first, first)):
        for name in (*stems, *(each.replace(' ', '_') for each in stems)):
            path = amass / folder / f'{name}.npz'
            if path.is_file():
                return path
    return None
