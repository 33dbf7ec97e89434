# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is kept on disk: found again, never stale, never in the way."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.motion import Motion, save_motion
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.generation.text_encoder import TextFeatures
import motion_avatar_ros.training.clip_features as clip_features_module
from motion_avatar_ros.training.array_cache import cache_folder, cached_arrays
from motion_avatar_ros.training.clip_features import clip_features
from motion_avatar_ros.training.kept_text import KeptText


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / 'cache'
    monkeypatch.setenv('MOTION_AVATAR_CACHE', str(folder))
    return folder


class Counting:
    """Computes, and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.calls += 1
        return {'a': np.arange(3.0), 'b': np.array([True])}


def test_what_is_kept_is_not_computed_again_and_other_keys_are_other_arrays(cache):
    compute = Counting()
    first = cached_arrays('kind', 'key', compute)
    again = cached_arrays('kind', 'key', compute)
    assert compute.calls == 1 and set(again) == {'a', 'b'}
    assert (again['a'] == first['a']).all()
    cached_arrays('kind', 'another', compute)
    assert compute.calls == 2 and len(list(cache.rglob('*.npz'))) == 2


def test_a_broken_file_is_made_anew(cache):
    compute = Counting()
    cached_arrays('kind', 'key', compute)
    path = next(cache.rglob('*.npz'))
    path.write_bytes(path.read_bytes()[:40])
    assert (cached_arrays('kind', 'key', compute)['a'] == np.arange(3.0)).all()
    cached_arrays('kind', 'key', compute)
    assert compute.calls == 2


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('MOTION_AVATAR_CACHE', str(tmp_path / 'file'))
    compute = Counting()
    for _ in range(2):
        cached_arrays('kind', 'key', compute)
    assert compute.calls == 2


def test_an_empty_variable_keeps_nothing_and_none_is_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv('MOTION_AVATAR_CACHE', '')
    assert cache_folder() is None
    monkeypatch.delenv('MOTION_AVATAR_CACHE')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert cache_folder() == tmp_path / 'motion_avatar_ros'


def test_features_of_a_file_follow_its_content(cache, tmp_path, monkeypatch):
    path = tmp_path / 'clip.npz'
    walk = builtin_motion('walk', 20.0)
    save_motion(path, Motion(walk.poses[:60], 20.0))
    features = clip_features(path, 40)
    reads = []
    load = clip_features_module.load_motion
    monkeypatch.setattr(
        clip_features_module, 'load_motion', lambda path: reads.append(path) or load(path))
    assert (clip_features(path, 40) == features).all() and not reads
    assert (clip_features(path, 40, is_mirrored=True) != features).any() and len(reads) == 1
    save_motion(path, Motion(walk.poses[:80], 20.0))
    assert len(clip_features(path, 40)) == 80 and len(reads) == 2
    assert len(clip_features(path, 81)) == 0


class Spelling:
    """Encodes a text as its letters, and remembers which it was asked for."""

    name, width, tokens = 'spelling', 2, 10

    def __init__(self, version: str = '1') -> None:
        self.version = version
        self.asked: list[str] = []

    def encode(self, texts) -> TextFeatures:
        self.asked += texts
        longest = max(map(len, texts))
        words = np.zeros((len(texts), longest, 2), np.float32)
        mask = np.zeros((len(texts), longest), bool)
        for row, text in enumerate(texts):
            words[row, :len(text), 0] = [ord(letter) for letter in text]
            mask[row, :len(text)] = True
        return TextFeatures(words.sum(axis=1), words, mask)


def test_texts_are_encoded_once_and_come_in_their_order(cache):
    texts = ['walk', 'a', 'run far', 'a', '']
    truth = Spelling().encode(texts)
    encoder = Spelling()
    kept = KeptText(encoder)
    for _ in range(2):
        features = kept.encode(texts)
        assert (features.sentence == truth.sentence).all() and (features.mask == truth.mask).all()
        assert (features.words == truth.words).all()
    assert sorted(encoder.asked) == ['', 'a', 'run far', 'walk']
    kept.encode(['walk', 'new'])
    assert encoder.asked[-1] == 'new' and len(encoder.asked) == 5
    assert kept.encode([]).words.shape == (0, 0, 2)


def test_other_weights_are_asked_anew_and_unknown_ones_always(cache):
    KeptText(Spelling('1')).encode(['walk'])
    for version, asked in (('2', ['walk']), ('', ['walk', 'walk'])):
        encoder = Spelling(version)
        for _ in range(2):
            KeptText(encoder).encode(['walk'])
        assert encoder.asked == asked
