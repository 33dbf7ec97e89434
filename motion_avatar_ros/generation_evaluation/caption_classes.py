# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The kind of motion that a caption speaks of, by its words."""

from __future__ import annotations

import re

#: Kinds in the order in which they are looked for, and beginnings of the words that name them.
_WORDS = {
    'ball': ('basketball', 'soccer', 'dribbl', 'throw', 'shoot', 'toss', 'catch'),
    'jump': ('jump', 'hop', 'leap', 'skip'),
    'run': ('run', 'jog', 'sprint', 'dash'),
    'kick': ('kick',),
    'fight': ('punch', 'box', 'strik', 'karate', 'sword', 'martial', 'slash'),
    'dance': ('danc', 'salsa', 'ballet'),
    'floor': ('lie', 'lying', 'crawl', 'sit', 'kneel', 'get up', 'gets up', 'rolls'),
    'squat': ('squat', 'crouch', 'bend', 'scoop', 'pick', 'put', 'places', 'sweep'),
    'exercise': ('exercis', 'stretch', 'jumping jack', 'push-up', 'cartwheel', 'warm',
                 'opposite knee', 'rotates both arms', 'swings both arms'),
    'gesture': ('wav', 'point', 'clap', 'bow', 'greet', 'signal', 'gestur', 'salut', 'rais',
                'reach', 'grab', 'drink', 'wash'),
    'walk': ('walk', 'step', 'stroll', 'march', 'sneak', 'stride', 'turn', 'climb', 'limp',
             'tiptoe'),
    'idle': ('stand', 'idle', 'wait'),
}
OTHER = 'other'
CLASSES = (*_WORDS, OTHER)
_PATTERNS = {
    kind: re.compile('|'.join(rf'\b{re.escape(word)}' for word in words))
    for kind, words in _WORDS.items()}


def caption_class(caption: str) -> str:
    """Return one of `CLASSES`."""
    text = caption.lower()
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(text)), OTHER)
