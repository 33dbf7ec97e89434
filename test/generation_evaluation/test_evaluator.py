# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An evaluator at rest: batches, folders that are none."""

from __future__ import annotations

from hashed_words import HashedWords
import numpy as np
import pytest
from random_evaluator import write_random_evaluator

from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.generation.motion_features import features_from_motion
from motion_avatar_ros.generation_evaluation import evaluator
from motion_avatar_ros.generation_evaluation.evaluator import (
    SHIPPED_EVALUATORS, TextMotionEvaluator,
)
from motion_avatar_ros.training.damaged_motion import trembling


@pytest.fixture
def hashed_words(monkeypatch):
    monkeypatch.setattr(evaluator, 'text_encoder', lambda name: HashedWords())


def test_a_motion_has_the_same_vector_alone_and_among_others(tmp_path, monkeypatch, hashed_words):
    judge = TextMotionEvaluator(write_random_evaluator(tmp_path / 'tiny'))
    rng = np.random.default_rng(0)
    motions = [rng.normal(size=(count, 269)) for count in (40, 196, 77)]
    together = judge.motions(motions)
    monkeypatch.setattr(evaluator, '_AT_ONCE', 1)
    np.testing.assert_allclose(judge.motions(motions), together, atol=1e-5)
    assert together.shape == (3, 8) and judge.sentences(['a', 'b']).shape == (2, 8)


def test_a_run_has_the_name_of_its_folder(tmp_path, hashed_words):
    assert TextMotionEvaluator(write_random_evaluator(tmp_path / 'run_nc/model')).name == 'run_nc'


def test_a_folder_of_another_kind_or_with_other_sizes_is_told(tmp_path, hashed_words):
    with pytest.raises(ModelFolderError, match='train text_motion'):
        TextMotionEvaluator('baseline')
    folder = write_random_evaluator(tmp_path / 'tiny')
    config = folder / 'config.yaml'
    config.write_text(config.read_text().replace('width: 16', 'width: 12'))
    with pytest.raises(ModelFolderError, match='do not fit'):
        TextMotionEvaluator(folder)
    config.write_text(config.read_text().replace('width: 12', 'breadth: 12'))
    with pytest.raises(ModelFolderError, match='config.yaml'):
        TextMotionEvaluator(folder)


@pytest.mark.parametrize('name', SHIPPED_EVALUATORS)
def test_shipped_evaluators_know_a_walk_and_shrink_from_a_trembling_one(name):
    judge = TextMotionEvaluator(name)
    walk = features_from_motion(builtin_motion('walk', 20.0))[:120]
    faulty = trembling(walk, 10.0, np.random.default_rng(0))
    said = judge.sentences(['a person walks forward', 'a person lies down on the floor'])
    (walking, lying), (trembles, _) = judge.motions([walk, faulty]) @ said.T
    assert walking > lying and walking > trembles
