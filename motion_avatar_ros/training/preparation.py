# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Files of other makers made into a data folder (see `clips`), whole or in pieces.

What is written is AMASS-style npz of the body alone, at most at the rate of training; with it
`splits.json`, and `captions.json` where there are captions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
import json
from pathlib import Path

from motion_avatar_ros.body.bvh_motion import load_bvh_motion
from motion_avatar_ros.body.motion import Motion, load_motion, save_motion
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.training.captioned_clips import CAPTIONS_FILE, read_captions
from motion_avatar_ros.training.clips import (
    SPLITS_FILE, DataFolderError, has_splits, npz_names, read_splits,
)
from motion_avatar_ros.training.subject_splits import split_by_subject

_THINNED_HZ = 20.0


@dataclass(frozen=True)
class Piece:
    """
    What becomes one file.

    Attributes:
        source: .npz or .bvh.
        out: the file, relative to the data folder.
        cut: first frame and the one behind the last, counted in every int(rate / 20)-th frame
            of the source as HumanML3D counts; None is all.
    """

    source: Path
    out: str
    cut: tuple[int, int] | None = None


@dataclass(frozen=True)
class Preparation:
    """
    What is to be done for a data folder.

    Attributes:
        pieces: the files.
        splits: of each file; those without one are not listed.
        captions: of the files that have any.
        left_out: how much of the source is left out, by reason.
    """

    pieces: Sequence[Piece]
    splits: Mapping[str, str]
    captions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


def plan_clips(source: Path, val_share: float, test_share: float) -> Preparation:
    """
    Return what is to be done for AMASS-style npz and BVH files.

    splits.json and captions.json of a folder are taken over; without splits, whole subjects are
    drawn for 'val' and 'test'.

    Args:
        source: one file, or a folder.
        val_share, test_share: of the subjects.

    Raises:
        DataFolderError: nothing to prepare, or two files of one name.
    """
    if source.is_file():
        names, folder = [source.name], source.parent
        splits, captions = None, {}
    elif source.is_dir():
        folder = source
        names = npz_names(source) + sorted(
            path.relative_to(source).as_posix() for path in source.rglob('*')
            if path.suffix.lower() == '.bvh')
        splits = read_splits(source) if has_splits(source) else None
        captions = read_captions(source) if (source / CAPTIONS_FILE).is_file() else {}
    else:
        raise DataFolderError(source, 'no such file or folder')
    wrong = [name for name in names if Path(name).suffix.lower() not in ('.npz', '.bvh')]
    if not names or wrong:
        raise DataFolderError(source, 'no AMASS-style .npz and no .bvh in it')
    outs = {name: Path(name).with_suffix('.npz').as_posix() for name in names}
    if len(set(outs.values())) < len(outs):
        twice = next(name for name in names if list(outs.values()).count(outs[name]) > 1)
        raise DataFolderError(source, f"'{twice}' is there as .npz and as .bvh")
    return Preparation(
        [Piece(folder / name, out) for name, out in outs.items()],
        split_by_subject(list(outs.values()), val_share, test_share) if splits is None else
        {outs[name]: split for name, split in splits.items() if name in outs},
        {outs[name]: said for name, said in captions.items() if name in outs})


def prepare_pieces(
    pieces: Sequence[Piece], out: Path, rate_hz: float, jobs: int
) -> Iterator[tuple[Piece, str | None]]:
    """
    Write files side by side, in any order; those that exist are kept.

    Args:
        pieces: what.
        out: the data folder.
        rate_hz: what is faster is brought down to it.
        jobs: processes; -1 for one per core.

    Yields:
        A piece, and why it could not be written or None.
    """
    from joblib import Parallel, delayed

    by_source: dict[Path, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_source[piece.source].append(piece)
    for done in Parallel(n_jobs=jobs, return_as='generator_unordered')(
            delayed(_prepare_source)(path, own, out, rate_hz)
            for path, own in by_source.items()):
        yield from done


def write_lists(plan: Preparation, out: Path) -> None:
    """Write splits.json and captions.json of the files that are there."""
    there = [piece.out for piece in plan.pieces if (out / piece.out).is_file()]
    lists = {SPLITS_FILE: {name: plan.splits[name] for name in there if name in plan.splits}}
    said = {name: list(plan.captions[name]) for name in there if name in plan.captions}
    for name, content in (lists | ({CAPTIONS_FILE: said} if said else {})).items():
        (out / name).write_text(
            json.dumps(content, indent=0, sort_keys=True, ensure_ascii=False), encoding='utf-8')


def _prepare_source(
    source: Path, pieces: Sequence[Piece], out: Path, rate_hz: float
) -> list[tuple[Piece, str | None]]:
    left = [piece for piece in pieces if not (out / piece.out).is_file()]
    done: list[tuple[Piece, str | None]] = [
        (piece, None) for piece in pieces if piece not in left]
    if not left:
        return done
    try:
        motion = (load_bvh_motion if source.suffix.lower() == '.bvh' else load_motion)(source)
    except MotionAvatarError as error:
        return done + [(piece, str(error)) for piece in left]
    for piece in left:
        part = motion if piece.cut is None else _cut(motion, *piece.cut)
        if len(part) < 2:
            done.append((piece, f"'{source}' has no frames {piece.cut} at 20 Hz"))
            continue
        _write_whole(out / piece.out, part.resampled(min(rate_hz, part.rate_hz)))
        done.append((piece, None))
    return done


def _cut(motion: Motion, first: int, stop: int) -> Motion:
    step = max(int(motion.rate_hz / _THINNED_HZ), 1)
    return Motion(motion.poses[first * step:(stop - 1) * step + 1], motion.rate_hz)


def _write_whole(path: Path, motion: Motion) -> None:
    """Write a file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'.{path.stem}.partial.npz')
    try:
        save_motion(partial, motion)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
