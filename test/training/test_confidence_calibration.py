# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fitting what a model's predicted errors mean."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.estimation.confidence import ConfidenceScale
from motion_avatar_ros.training.confidence_calibration import (
    FrameErrors, fitted_scale, reliability, rescaled, usable_tracker_sets,
)

HANDS = ('head', 'left_hand', 'right_hand')


def overconfident(seed: int, frames: int = 4000) -> FrameErrors:
    """Upper: twice what is predicted, noisily; lower: nothing to do with what is predicted."""
    rng = np.random.default_rng(seed)
    predicted_m = rng.uniform(0.01, 0.2, (frames, 2))
    true_m = 2.0 * predicted_m * rng.uniform(0.5, 1.5, (frames, 2))
    true_m[:, 1] = rng.uniform(0.05, 0.15, frames)
    return FrameErrors(predicted_m, true_m, np.arange(frames) % 10)


def test_an_overconfident_model_is_reliable_on_frames_that_the_fit_did_not_see():
    scale = fitted_scale(overconfident(1))
    unseen = rescaled(overconfident(2), scale)
    for one in reliability(unseen, 0):
        assert one.true_m == pytest.approx(one.expected_m, rel=0.08)
    for one in reliability(overconfident(2), 0):
        assert one.true_m > 1.8 * one.expected_m


def test_predictions_that_say_nothing_become_the_mean_error():
    scale = fitted_scale(overconfident(1))
    assert np.ptp(scale.expected_m[1]) < 0.01
    assert np.mean(scale.expected_m[1]) == pytest.approx(0.1, rel=0.03)


def test_one_and_the_same_prediction_everywhere_is_one_point():
    errors = overconfident(1)
    constant = FrameErrors(np.full_like(errors.expected_m, 0.07), errors.true_m, errors.clip)
    scale = fitted_scale(constant)
    assert scale.predicted_m == ((0.07,), (0.07,))
    assert scale.expected_m[1][0] == pytest.approx(0.1, rel=0.03)


def test_a_model_that_predicts_worse_for_less_error_is_not_turned_around():
    errors = overconfident(1)
    backwards = FrameErrors(0.3 - errors.expected_m, errors.true_m, errors.clip)
    assert np.ptp(fitted_scale(backwards).expected_m[0]) < 1e-9


def test_frames_are_chosen_by_their_clip_and_keep_their_errors():
    errors = overconfident(1)
    even = errors.of_clips(lambda clip: clip % 2 == 0)
    assert len(even.clip) == 2000 and (even.clip % 2 == 0).all()
    np.testing.assert_array_equal(even.true_m, errors.true_m[errors.clip % 2 == 0])
    np.testing.assert_array_equal(
        rescaled(even, ConfidenceScale()).true_m, even.true_m)


def test_only_tracker_sets_that_a_model_takes_are_measured():
    everything = (*HANDS, 'pelvis', 'left_foot', 'right_foot')
    assert usable_tracker_sets(HANDS, HANDS) == [HANDS]
    assert usable_tracker_sets(everything, ('head',)) == [
        ('head',), HANDS, (*HANDS, 'pelvis'), everything]
