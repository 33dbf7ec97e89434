# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Faults that are planted and texts that are handed on."""

from __future__ import annotations

from hashed_words import HashedWords
import numpy as np
import pytest
from random_evaluator import write_captioned_data, write_random_evaluator

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.generation_evaluation import evaluator, validity
from motion_avatar_ros.generation_evaluation.evaluation_clips import evaluation_clips
from motion_avatar_ros.generation_evaluation.evaluator import TextMotionEvaluator
from motion_avatar_ros.generation_evaluation.validity import (
    DAMAGES, FaultFigures, fault_figures, real_beside_real, with_other_texts,
)


def test_texts_are_handed_on_in_a_circle_and_each_keeps_as_many_clips():
    captions = np.array([0, 0, 1, 2, 2, 3])
    assert (with_other_texts(captions, 0.0) == captions).all()
    new = with_other_texts(captions, 1.0)
    assert (new != captions).all() and len(np.unique(new)) == 4
    assert len({(old, other) for old, other in zip(captions, new)}) == 4
    assert (with_other_texts(captions, 0.5) != captions).sum() in (2, 3, 4)


@pytest.mark.parametrize(('kid', 'top_3', 'is_kid_seen', 'is_top_seen'), [
    ([0.0, 0.1, 0.2], [0.9, 0.5, 0.4], True, True),
    ([0.0, 0.2, 0.1], [0.9, 0.5, 0.5], False, False)])
def test_a_fault_is_seen_where_every_step_is_worse(kid, top_3, is_kid_seen, is_top_seen):
    figures = FaultFigures(
        (0.0, 1.0, 2.0), np.array([kid]), np.array([kid]), np.array([top_3]), np.array([kid]))
    assert figures.is_seen('kid') == [is_kid_seen]
    assert figures.is_seen('top_3') == [is_top_seen]


def test_every_fault_has_figures_and_no_strength_has_no_distance(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluator, 'text_encoder', lambda name: HashedWords())
    monkeypatch.setattr(validity, '_HALVES', 10)
    monkeypatch.setattr(validity, 'DAMAGES', {
        name: (damage, strengths[-1:]) for name, (damage, strengths) in DAMAGES.items()})
    data = write_captioned_data(tmp_path / 'data')
    judges = [TextMotionEvaluator(write_random_evaluator(tmp_path / f'tiny{seed}', seed))
              for seed in (1, 2)]
    clips = evaluation_clips(data, 'test', None)
    faults = fault_figures(judges, clips)
    assert set(faults) == {*DAMAGES, 'texts_shuffled'}
    for name, figures in faults.items():
        assert figures.kid.shape == (2, 5 if name == 'texts_shuffled' else 2)
        np.testing.assert_allclose(figures.kid[:, 0], 0.0, atol=1e-9)
        assert name == 'texts_shuffled' or (figures.fid[:, -1] > 1e-6).all()
    real = real_beside_real(judges, clips, evaluation_clips(data, 'val', None))
    assert real.pool == 4 and real.kid_interval[0] <= real.kid.mean() <= real.kid_interval[1]


def test_too_few_captions_are_told(tmp_path):
    data = write_captioned_data(tmp_path / 'data', ('a person walks',) * 4)
    with pytest.raises(MotionAvatarError, match='1 distinct captions'):
        evaluation_clips(data, 'test', None)
