# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The gallery's page, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import shlex

from motion_avatar_ros.commands.gallery_notes import NOTES_FILE, GalleryNote
from motion_avatar_ros.training.motion_measures import MotionMeasures

PAGE_FILE = 'gallery.md'
_TITLE = '# Gallery of motion from words'


@dataclass(frozen=True)
class Sample:
    """A seed and what is measured of its motion."""

    seed: int
    measures: MotionMeasures


@dataclass(frozen=True)
class Shown:
    """A sentence, its picture relative to the page, and a sample for each row of that."""

    prompt: str
    picture: str
    samples: Sequence[Sample]


def is_gallery(page: Path) -> bool:
    """Say whether a file is a page that this module wrote."""
    with open(page, encoding='utf-8', errors='replace') as lines:
        return lines.readline().rstrip('\n') == _TITLE


def page_markdown(models: Sequence[str], frames: int, sections: Sequence[str]) -> str:
    """Return the page."""
    return '\n'.join((
        _TITLE, '',
        f'Made by `motion_avatar gallery {shlex.join(models)} --out docs`: the same sentences and '
        f'seeds always, nothing picked. Each row is a seed, {frames / 20:g} s in ten pictures, '
        'the pelvis in the middle of each. What was seen is from '
        f'[{NOTES_FILE}]({NOTES_FILE}).', '',
        '*slide*: mean speed over the floor of balls of feet below 4.5 cm. *jitter*: mean third '
        'difference of joints. Recordings (CMU, HDM05, ReActIdle), the same way: walking 7 to 28 '
        'cm/s and 0.6 to 1.0, standing 1 to 8 and 0.1, squats 5 to 8 and 0.4 to 0.6, salsa 28 to '
        '40 and 2.1 to 2.5.', '',
        *sections))


def section_markdown(
    name: str, weights: str, shown: Sequence[Shown], note: GalleryNote | None,
) -> str:
    """Return what is shown of one generator."""
    lines = [f'## {name}', '', f'Weights `{weights[:8]}`.' if weights else '', '']
    if note is not None:
        lines += [note.summary, '']
    for each in shown:
        lines += [f'### {each.prompt}', '', f'![{each.prompt}]({each.picture})', '']
        if note is not None and each.prompt in note.seen:
            lines += [note.seen[each.prompt], '']
        lines += ['| seed | speed, m/s | pelvis, m | slide, cm/s | jitter, 10^2 m/s^3 |',
                  '|---|---|---|---|---|']
        lines += [_row(sample) for sample in each.samples]
        lines.append('')
    return '\n'.join(lines)


def _row(sample: Sample) -> str:
    measures = sample.measures
    slide = '–' if measures.slide_cm_s is None else f'{measures.slide_cm_s:.0f}'
    return (
        f'| {sample.seed} | {measures.speed_m_s:.2f} | {measures.lowest_m:.2f} to '
        f'{measures.highest_m:.2f} | {slide} | {measures.jitter_1e2_m_s3:.1f} |')
