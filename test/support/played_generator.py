# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A generator for tests: built-in motion, carried on from where it fits best."""

from __future__ import annotations

from collections.abc import Sequence

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.generation.motion_features import features_from_motion
from motion_avatar_ros.generation.nearest_caption import NearestCaption
from motion_avatar_ros.generation.text_encoder import TextFeatures
import numpy as np

#: What each built-in motion is called; their loops are played twice.
CAPTIONS = {
    'walk': 'a person walks', 'wave': 'a person waves', 'squat': 'a person squats',
    'turn': 'a person turns'}


class LetterCounts:
    """A text encoder of letters: texts that share words are near."""

    name, width, tokens = 'letters', 26, 8

    def encode(self, texts: Sequence[str]) -> TextFeatures:
        counts = np.array([[text.lower().count(chr(97 + letter)) for letter in range(26)]
                           for text in texts], dtype=np.float32)
        counts /= np.maximum(np.linalg.norm(counts, axis=-1, keepdims=True), 1e-6)
        return TextFeatures(counts, counts[:, None], np.ones((len(texts), 1), dtype=bool))


def played_generator() -> NearestCaption:
    """Return a generator that walks, waves, squats and turns."""
    features = []
    for name in CAPTIONS:
        poses = builtin_motion(name, 20.0).poses
        local = np.concatenate((poses.local_rotations, poses.local_rotations))
        # A loop ends where it begins, so that the second goes on from the first.
        root = np.concatenate((poses.root_position, poses.root_position))
        features.append(features_from_motion(Motion(BodyPose(local, root), 20.0)))
    return NearestCaption([[caption] for caption in CAPTIONS.values()], features, LetterCounts())
