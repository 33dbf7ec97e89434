# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hazards of confidence: a robot that follows a guess, or that stutters at the bound."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.safety.confidence_watch import ConfidenceSettings, ConfidenceWatch

FRAME_NS = round(1e9 / 60.0)


def judged(values: list[float], least: float = 0.4, after_s: float = 0.11) -> list[bool]:
    watch = ConfidenceWatch(ConfidenceSettings(least, after_s))
    return [watch.is_trusted(np.array([0.9, value]), number * FRAME_NS)
            for number, value in enumerate(values)]


def test_nothing_is_doubted_unless_asked():
    assert all(judged([0.0] * 100, least=0.0))


def test_a_moment_of_doubt_is_followed_and_a_longer_one_is_not():
    assert all(judged([0.9] * 10 + [0.1] * 6 + [0.9] * 10))
    trusted = judged([0.9] * 10 + [0.1] * 20)
    assert trusted.index(False) == 10 + 7  # the first later than 0.11 s after the tenth


def test_poses_at_the_bound_do_not_stutter():
    trusted = judged([0.1] * 10 + [0.39, 0.41] * 50)
    assert np.count_nonzero(np.diff(np.array(trusted, dtype=int))) == 1
    assert not trusted[-1]


def test_confidence_that_returns_for_good_is_believed_again():
    trusted = judged([0.1] * 10 + [0.9] * 10)
    assert trusted.index(False) < 10 and trusted[-1]


@pytest.mark.parametrize('half', [0, 1])
def test_either_half_of_the_body_counts(half):
    watch = ConfidenceWatch(ConfidenceSettings(0.4, 0.0))
    confidence = np.full(2, 0.9)
    confidence[half] = 0.1
    assert watch.is_trusted(confidence, 0)
    assert not watch.is_trusted(confidence, 1)
    watch.clear()
    assert watch.is_trusted(confidence, 2)
