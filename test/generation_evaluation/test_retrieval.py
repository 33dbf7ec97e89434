# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""R-precision: right pairs are found, and what tells nothing is found by chance."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.generation_evaluation.retrieval import (
    diversity, pair_distances, pool_size, retrieval,
)

CAPTIONS = np.array([0, 0, 0, 1, 2, 3, 3, 4])


def test_motions_at_their_sentences_are_always_the_nearest():
    sentences = np.eye(5)
    assert (retrieval(sentences[CAPTIONS], sentences, CAPTIONS) == 1.0).all()
    assert (pair_distances(sentences[CAPTIONS], sentences, CAPTIONS) == 0.0).all()


def test_many_clips_of_one_caption_are_no_rivals_of_each_other():
    sentences = np.eye(3)
    captions = np.array([0] * 50 + [1, 2])
    found = retrieval(sentences[captions], sentences, captions)
    assert (found[0] == 1.0).all() and pool_size(captions) == 3


def test_motion_that_is_always_the_same_is_found_by_chance():
    captions = np.repeat(np.arange(40), 2)
    motions, sentences = np.ones((80, 4)), np.random.default_rng(0).normal(size=(40, 4))
    found = retrieval(motions, sentences, captions)
    assert pool_size(captions) == 32
    assert found.mean(axis=1) == pytest.approx([1 / 32, 2 / 32, 3 / 32])


def test_motion_without_regard_to_its_text_is_found_by_chance():
    rng = np.random.default_rng(0)
    captions = np.arange(400) % 20
    found = retrieval(rng.normal(size=(400, 8)), rng.normal(size=(20, 8)), captions)
    assert found.mean(axis=1) == pytest.approx([1 / 20, 2 / 20, 3 / 20], abs=0.03)


def test_texts_of_other_motions_are_seen():
    sentences = np.eye(5)
    motions = np.roll(sentences, 1, axis=0)[CAPTIONS]
    assert retrieval(motions, sentences, CAPTIONS)[0].max() == 0.0


def test_diversity_is_the_mean_distance_of_two():
    assert diversity(np.array([[0.0], [1.0], [3.0]])) == pytest.approx(2.0)
