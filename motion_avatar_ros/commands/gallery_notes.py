# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What somebody has seen in a gallery, by generator and sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.plain_yaml import PlainYamlError, read_plain_yaml

NOTES_FILE = 'gallery_notes.yaml'


@dataclass(frozen=True)
class GalleryNote:
    """
    On one generator.

    Attributes:
        weights: SHA-256 of the weights that made what was seen.
        summary: of all of it.
        seen: what is seen, by sentence.
    """

    weights: str
    summary: str
    seen: Mapping[str, str]


def read_notes(folder: Path) -> dict[str, GalleryNote]:
    """
    Return the notes of a gallery's folder by generator, {} where there are none.

    Raises:
        MotionAvatarError: the file is none of notes.
    """
    path = folder / NOTES_FILE
    if not path.exists():
        return {}
    try:
        content = read_plain_yaml(path)
        return {
            name: GalleryNote(
                _text(each['weights']), _text(each['summary']),
                {_text(prompt): _text(words) for prompt, words in each['seen'].items()})
            for name, each in content.items()}
    except (OSError, UnicodeError, PlainYamlError) as error:
        raise MotionAvatarError(f"'{path}': {error}") from None
    except (AttributeError, KeyError, TypeError):
        raise MotionAvatarError(
            f"'{path}': allowed are generators with weights, summary, and seen, which are texts "
            'by sentence') from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return ' '.join(value.split())
