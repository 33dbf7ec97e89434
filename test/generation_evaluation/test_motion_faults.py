# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sliding, bones and trembling, of joints that are made to have them."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.skeleton import JOINT_INDEX
from motion_avatar_ros.generation_evaluation.motion_faults import (
    foot_skating, jitter_1e2_m_s3, limb_deviation_mm,
)

TOE = JOINT_INDEX['left_foot']


@pytest.fixture
def still() -> np.ndarray:
    """Return 40 frames of joints that do not move, the toes on the floor."""
    joints = np.random.default_rng(0).normal(size=(22, 3))
    joints[[JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot']], 2] = 0.0
    return np.repeat(joints[None], 40, axis=0)


@pytest.mark.parametrize(('speed_m_s', 'height_m', 'share'), [
    (0.0, 0.0, 0.0), (0.4, 0.0, 0.0), (1.0, 0.0, 1.0), (1.0, 0.06, 0.0)])
def test_a_low_toe_that_is_fast_slides(still, speed_m_s, height_m, share):
    still[:, TOE, 0] += speed_m_s * np.arange(40) / 20.0
    still[:, TOE, 2] = height_m
    assert foot_skating(still) == share


def test_a_single_step_is_no_slide_and_either_foot_counts(still):
    still[20:, TOE, 0] += 0.1       # 2 m/s for a frame, 0.4 m/s over five
    assert foot_skating(still) == 0.0
    still[20:, JOINT_INDEX['right_foot'], 1] += 1.0
    assert foot_skating(still) == pytest.approx(1 / 39)


def test_bones_that_change_their_length_are_told_in_millimetres(still):
    assert limb_deviation_mm(still) == pytest.approx(0.0, abs=1e-9)
    still[::2, JOINT_INDEX['head']] += 1e-3 * (
        still[0, JOINT_INDEX['head']] - still[0, JOINT_INDEX['neck']]) / np.linalg.norm(
            still[0, JOINT_INDEX['head']] - still[0, JOINT_INDEX['neck']])
    assert limb_deviation_mm(still) == pytest.approx(0.5 / 21)


def test_jitter_is_the_third_derivative(still):
    assert jitter_1e2_m_s3(still) == 0.0
    still[..., 1] += (np.arange(40)[:, None] / 20.0) ** 3
    assert jitter_1e2_m_s3(still) == pytest.approx(0.06)
