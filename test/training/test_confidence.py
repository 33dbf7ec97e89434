# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.training.confidence import body_errors_m, confidence_correlation


def test_confidence_that_falls_as_error_grows_scores_one_per_half():
    error_m = np.linspace(0.01, 0.3, 40)
    errors = np.stack((error_m, error_m), axis=-1)
    confidence = np.stack((np.exp(-10.0 * error_m), 0.1 + error_m), axis=-1)
    result = confidence_correlation(
        [confidence[:25], confidence[25:]], [errors[:25], errors[25:]])
    assert result.upper_body == pytest.approx(1.0)
    assert result.lower_body == pytest.approx(-1.0)


def test_constant_confidence_has_no_correlation_rather_than_nan():
    errors = np.random.default_rng(0).random((30, 2))
    result = confidence_correlation([np.zeros((30, 2))], [errors])
    assert result.upper_body is None and result.lower_body is None


def test_errors_are_of_each_half_of_the_body():
    truth = BodyPose(np.broadcast_to(np.eye(3), (5, 22, 3, 3)), np.zeros((5, 3)))
    bent = truth.local_rotations.copy()
    bent[:, 4] = np.diag([1.0, -1.0, -1.0])  # left knee, by 180 degrees
    errors_m = body_errors_m(BodyPose(bent, truth.root_position), truth)
    assert errors_m.shape == (5, 2)
    assert (errors_m[:, 0] == 0.0).all() and (errors_m[:, 1] > 0.05).all()
