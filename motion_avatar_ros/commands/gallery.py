# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
`gallery`: what a generator makes of a fixed list of sentences, as a page with film strips.

The page is for judging with one's own eyes: the sentences and seeds are always the same, nothing
is picked. What somebody has seen in the strips is kept in OUT/gallery_notes.yaml and goes onto
the page; notes on other weights are left away.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
import re
import sys
from typing import TYPE_CHECKING

from motion_avatar_ros.commands.gallery_notes import read_notes
from motion_avatar_ros.commands.gallery_page import (
    PAGE_FILE, Sample, Shown, is_gallery, page_markdown, section_markdown,
)
from motion_avatar_ros.commands.option_types import positive_count
from motion_avatar_ros.commands.progress import Progress
from motion_avatar_ros.errors import MotionAvatarError

if TYPE_CHECKING:  # it imports torch
    from motion_avatar_ros.generation.text_to_motion import TextToMotion

HELP = 'make a page with film strips of what generators make of a fixed list of sentences'

#: Nobody waves in what the shipped models have learnt from.
PROMPTS = (
    'a person walks forward', 'a person runs', 'a person jogs in a circle to the left',
    'a person stands idle and shifts the weight', 'a person jumps forward',
    'a person does a squat', 'a person sits down on a low stool and stands up again',
    'a person kicks to the front with the left leg', 'a person boxes', 'a person dances salsa',
    'a person lies down on the floor', 'a person waves the right hand')
_COLUMNS, _PICTURE_PX, _AZIMUTH_DEG = 10, (100, 132), -50.0
_QUALITY = 82
_MESH = 'fine'
_IMAGES = 'images'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        'models', nargs='+', metavar='MODEL', help='names of generators, or folders')
    parser.add_argument(
        '--out', type=Path, required=True, metavar='FOLDER',
        help=f'where {PAGE_FILE} and {_IMAGES}/ are written, and were before')
    parser.add_argument(
        '--frames', type=positive_count, default=120, help='of each, 20 a second (default: 120)')
    parser.add_argument(
        '--seeds', type=positive_count, default=2, help='samples of each, seeds 1 and on')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')


def run(arguments: Namespace) -> int:
    """Generate, draw, and write."""
    out: Path = arguments.out
    page = out / PAGE_FILE
    if not out.is_dir():
        raise MotionAvatarError(f"--out '{out}': allowed is a folder that exists")
    if page.exists() and not is_gallery(page):
        raise MotionAvatarError(f"'{page}' is there already, and no gallery")
    notes = read_notes(out)

    # Import torch: what a user got wrong is said before.
    from motion_avatar_ros.generation.request_checks import check_frames
    from motion_avatar_ros.generation.text_to_motion import load_generator

    check_frames(arguments.frames)
    generators = [load_generator(model, arguments.device) for model in arguments.models]
    (out / _IMAGES).mkdir(exist_ok=True)
    sections = []
    with Progress('gallery', len(generators) * len(PROMPTS), 'strips') as progress:
        for generator in generators:
            weights = getattr(generator, 'weights_sha256', '')
            shown = []
            for prompt in PROMPTS:
                shown.append(_shown(generator, prompt, arguments, out))
                progress.advance(1)
            note = notes.get(generator.name)
            if note is not None and note.weights != weights:
                sys.stderr.write(
                    f"notes on '{generator.name}' are left away: they are on weights "
                    f'{note.weights[:8]}, these are {weights[:8]}\n')
                note = None
            sections.append(section_markdown(generator.name, weights, shown, note))
    page.write_text(page_markdown(arguments.models, arguments.frames, sections))
    sys.stdout.write(f'{page}\n')
    return 0


def _shown(generator: TextToMotion, prompt: str, arguments: Namespace, out: Path) -> Shown:
    """Generate to a sentence, a motion for each seed, and write their strip."""
    from motion_avatar_ros.body.mesh import load_builtin_mesh
    from motion_avatar_ros.commands.film_strip import even_frames, film_strip, person_figure
    from motion_avatar_ros.generation.motion_features import motion_from_features
    from motion_avatar_ros.training.motion_measures import motion_measures

    mesh = load_builtin_mesh(_MESH)
    figures, samples = [], []
    for seed in range(1, arguments.seeds + 1):
        features, = generator.generate([prompt], [arguments.frames], seed)
        motion = motion_from_features(features)
        samples.append(Sample(seed, motion_measures(motion)))
        figures.append(person_figure(motion, mesh))
    words = re.sub(r'\W+', '_', prompt.removeprefix('a person '))
    picture = f'{_IMAGES}/gallery_{generator.name}_{words}.jpg'
    film_strip(
        figures, even_frames(arguments.frames, _COLUMNS), _PICTURE_PX, _AZIMUTH_DEG,
    ).save(out / picture, quality=_QUALITY, optimize=True)
    return Shown(prompt, picture, samples)
