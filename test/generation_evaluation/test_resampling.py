# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Intervals: captions are drawn, each with all its clips."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.generation_evaluation.resampling import (
    RESAMPLES, caption_weights, interval, mean_figure,
)


def test_every_resample_has_as_many_captions_and_two_different_ones_at_least():
    weights = caption_weights(3)
    assert weights.shape == (RESAMPLES, 3)
    assert (weights.sum(axis=1) == 3.0).all() and ((weights > 0).sum(axis=1) >= 2).all()


def test_the_interval_of_a_mean_is_that_of_the_textbook():
    values = np.random.default_rng(0).normal(5.0, 2.0, 200)
    figure = mean_figure(values, caption_weights(200))
    half = 1.96 * values.std() / 200 ** 0.5
    assert figure.value == pytest.approx(values.mean())
    assert figure.high - figure.value == pytest.approx(half, rel=0.15)
    assert figure.value - figure.low == pytest.approx(half, rel=0.15)


def test_the_ends_are_those_of_the_middle():
    assert interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))
