# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recordings found by their captions, and carried on."""

from __future__ import annotations

import json

import numpy as np
from played_generator import CAPTIONS, LetterCounts, played_generator
import pytest

from motion_avatar_ros.body.motion import save_motion
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation.motion_features import motion_from_features
from motion_avatar_ros.generation.nearest_caption import NearestCaption
from motion_avatar_ros.generation.request_checks import GenerationError
from motion_avatar_ros.training import caption_retrieval


@pytest.fixture(scope='module')
def generator():
    return played_generator()


def test_the_recording_with_the_nearest_caption_is_played_as_it_is(generator):
    made, = generator.generate([CAPTIONS['squat']], [60], 1)
    recording = generator._features[list(CAPTIONS).index('squat')]
    np.testing.assert_array_equal(made, recording[:60])


def test_it_is_carried_on_where_it_is_too_short_without_a_jump(generator):
    made, = generator.generate([CAPTIONS['wave']], [600], 1)
    assert made.shape == (600, 269) and np.isfinite(made).all()
    local = motion_from_features(made).poses.local_rotations
    own = motion_from_features(generator._features[1]).poses.local_rotations
    steps, own_steps = (np.abs(np.diff(each, axis=0)).max() for each in (local, own))
    assert steps < 1.5 * own_steps


def test_frames_that_stay_stay_and_the_others_go_on_from_them(generator):
    source, = generator.generate([CAPTIONS['walk']], [80], 1)
    is_kept = np.arange(80) < 40
    made = generator.edit(source, is_kept, CAPTIONS['squat'], 1)
    np.testing.assert_array_equal(made[:39], source[:39])
    local = motion_from_features(made).poses.local_rotations
    assert np.abs(np.diff(local, axis=0)).max() < 0.5
    height = motion_from_features(made).poses.root_position[:, 2]
    assert height.min() > 0.4


def test_the_same_seed_gives_the_same_and_no_words_give_any(generator):
    first, again = (generator.generate(['', ''], [50, 50], 4) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    starts = {generator.generate([''], [50], seed)[0].tobytes() for seed in range(12)}
    assert len(starts) > 1


def test_what_makes_no_sense_is_refused(generator):
    with pytest.raises(GenerationError, match='4 to 6000'):
        generator.generate(['a'], [3], 1)
    with pytest.raises(MotionAvatarError, match='no recorded motion'):
        NearestCaption([], [], LetterCounts())


def test_a_data_folder_is_a_generator(tmp_path, monkeypatch):
    for name in ('walk', 'wave'):
        save_motion(tmp_path / f'{name}.npz', builtin_motion(name, 30.0))
    (tmp_path / 'captions.json').write_text(json.dumps(
        {f'{name}.npz': [CAPTIONS[name]] for name in ('walk', 'wave')}))
    monkeypatch.setattr(caption_retrieval, 'text_encoder', lambda name: LetterCounts())
    generator = caption_retrieval.nearest_caption(tmp_path)
    made, = generator.generate([CAPTIONS['walk']], [100], 1)
    motion = motion_from_features(made)
    assert np.linalg.norm(motion.poses.root_position[-1, :2]) > 1.0
