# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Captions by what is done in them."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.generation_evaluation.caption_accuracy import ClassByCaption
from motion_avatar_ros.generation_evaluation.caption_classes import CLASSES, caption_class


@pytest.mark.parametrize(('caption', 'kind'), [
    ('a person walks forward', 'walk'), ('Someone JOGS in a circle to the left', 'run'),
    ('a person kicks to the front with the left leg', 'kick'),
    ('a person plays basketball: forward dribble', 'ball'),
    ('someone dribbles the ball forward', 'ball'),
    ('a person does karate side kicks', 'kick'),
    ('a person stands idle and shifts the weight', 'idle'), ('', 'other'),
    ('a person juggles', 'other')])
def test_a_caption_has_the_class_of_what_is_done(caption, kind):
    assert caption_class(caption) == kind and kind in CLASSES


def test_a_motion_has_the_class_of_the_nearest_caption():
    classes = ClassByCaption(['a person walks', 'a person runs', 'a person jogs'], np.eye(3))
    motions = np.array([[1.0, 0.2, 0.0], [0.0, 0.1, 1.0], [0.9, 0.0, 0.0]])
    texts = ['someone walks', 'a person runs', 'a person runs']
    assert classes.is_right(motions, texts).tolist() == [True, True, False]
