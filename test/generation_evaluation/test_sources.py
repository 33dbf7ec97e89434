# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sources: one motion to each text, in its length."""

from __future__ import annotations

import numpy as np
import pytest
from random_evaluator import write_captioned_data

from motion_avatar_ros.generation.motion_features import HEIGHT, ROTATIONS, VELOCITIES
from motion_avatar_ros.generation_evaluation import sources
from motion_avatar_ros.generation_evaluation.evaluation_clips import (
    EvaluationClips, evaluation_clips,
)


class Counting:
    """A generator that tells in its motion which text, length and seed it was given."""

    name, longest_frames = 'counting', 196

    def __init__(self) -> None:
        self.seeds: list[int] = []

    def generate(self, texts, frames, seed):
        self.seeds.append(seed)
        return [np.full((count, 269), len(text)) for text, count in zip(texts, frames)]

    def edit(self, source, is_kept, text, seed):
        assert is_kept.all() and text == ''
        return source + 1.0


@pytest.fixture
def clips(tmp_path) -> EvaluationClips:
    return evaluation_clips(write_captioned_data(tmp_path / 'data'), 'test', None)


def test_a_generator_gets_all_texts_and_lengths_and_no_seed_twice(clips, monkeypatch):
    monkeypatch.setattr(sources, '_AT_ONCE', 3)
    generator = Counting()
    for seed in (1, 2):
        made = sources.generated(generator, clips, seed)
        assert [(len(each), each[0, 0]) for each in made] == [
            (count, len(text)) for count, text in zip(clips.frames, clips.texts)]
    assert len(set(generator.seeds)) == 4
    again, = sources.reconstructed(generator, clips)[:1]
    np.testing.assert_array_equal(again, clips.features[0] + 1.0)


def test_training_clips_are_stretches_of_them_or_stand_still_where_all_are_too_short(clips):
    training = [clips.features[3], clips.features[0][:20]]
    made = sources.random_training(training, clips, 1)
    assert [len(each) for each in made] == clips.frames
    assert all(any((training[0][start:start + len(each)] == each).all() for start in range(30))
               for each in made)
    short = sources.random_training([training[1]], clips, 1)
    assert [len(each) for each in short] == clips.frames
    assert (short[0][25:, VELOCITIES] == 0.0).all()


def test_the_mean_pose_stands_still_and_shuffled_frames_are_the_same(clips):
    mean = sources.mean_pose(clips.features, clips)
    frames = np.concatenate(clips.features)
    np.testing.assert_allclose(mean[0][5, ROTATIONS], frames[:, ROTATIONS].mean(0), atol=1e-5)
    assert (mean[0][:, VELOCITIES] == 0.0).all() and np.ptp(mean[0], axis=0).max() == 0.0
    shuffled = sources.shuffled_in_time(clips, 1)[0]
    np.testing.assert_array_equal(
        np.sort(shuffled[:, HEIGHT], axis=0), np.sort(clips.features[0][:, HEIGHT], axis=0))
