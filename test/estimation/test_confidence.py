# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The confidence that is published: in 0..1, falling with the error, refused where unusable."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.confidence import ConfidenceScale, expected_error_m
from motion_avatar_ros.estimation.model_folder import read_config, write_confidence
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.random_model import write_random_baseline

SCALE = ConfidenceScale(((0.02, 0.05), (0.1, 0.2, 0.4)), ((0.01, 0.1), (0.1, 0.1, 0.3)))


def test_without_a_fit_ten_centimetres_are_one_half_and_nothing_changes():
    predicted_m = np.array([[0.0, 0.1], [0.3, 1e6]])
    confidence = ConfidenceScale().confidence(predicted_m)
    np.testing.assert_allclose(confidence, [[1.0, 0.5], [0.25, 0.0]], atol=1e-6)
    np.testing.assert_allclose(
        expected_error_m(confidence[0]), predicted_m[0], atol=1e-12)


def test_confidence_falls_in_proportion_beyond_the_ends_of_the_fit():
    predicted_m = np.array([0.001, 0.01, 0.02, 0.035, 0.05, 0.1, 1.0])
    expected_m = expected_error_m(SCALE.confidence(np.stack([predicted_m] * 2, axis=-1)))
    np.testing.assert_allclose(
        expected_m[:, 0], [0.0005, 0.005, 0.01, 0.055, 0.1, 0.2, 2.0], rtol=1e-9)
    assert expected_m[-1, 1] == pytest.approx(0.75)
    assert (np.diff(expected_m, axis=0) >= 0.0).all()


def test_what_a_folder_keeps_is_what_an_estimator_uses(tmp_path):
    folder = write_random_baseline(tmp_path / 'tiny')
    assert PoseEstimator.load(folder, 'cpu').confidence_scale == ConfidenceScale()
    before = read_config(folder)
    write_confidence(folder, SCALE)
    assert PoseEstimator.load(folder, 'cpu').confidence_scale == SCALE
    assert {**before, 'confidence': SCALE.as_dict()} == read_config(folder)


@pytest.mark.parametrize('values', [
    {'predicted_m': [[0.1], [0.1]], 'expected_m': [[0.1], [-0.1]]},
    {'predicted_m': [[0.2, 0.1], [0.1]], 'expected_m': [[0.1, 0.2], [0.1]]},
    {'predicted_m': [[0.1, 0.2], [0.1]], 'expected_m': [[0.2, 0.1], [0.1]]},
    {'predicted_m': [[0.1, 0.2], [0.1]], 'expected_m': [[0.2], [0.1]]},
    {'predicted_m': [[0.1]], 'expected_m': [[0.2]]},
    {'predicted_m': [[], []], 'expected_m': [[], []]},
    {'predicted_m': [['a'], [0.1]], 'expected_m': [[0.2], [0.1]]},
    {'predicted_m': [[float('nan')], [0.1]], 'expected_m': [[0.2], [0.1]]},
    {'scale': 2.0}, [1.0], 'high'])
def test_a_fit_that_is_none_is_refused_with_the_folder_and_the_reason(tmp_path, values):
    folder = write_random_baseline(tmp_path / 'tiny')
    config = {**read_config(folder), 'confidence': values}
    (folder / 'config.yaml').write_text(yaml.safe_dump(config))
    with pytest.raises(ModelFolderError, match='tiny'):
        PoseEstimator.load(folder, 'cpu')
