# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What ships: what a chooser of estimators offers can be loaded as one."""

from __future__ import annotations

from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.estimation.shipped_models import (
    shipped_estimators, shipped_generators, shipped_models,
)


def test_generators_are_not_offered_as_estimators():
    estimators = shipped_estimators()
    assert {'baseline', 'mage', 'sage'} <= set(estimators) < set(shipped_models())
    assert {'momask', 'mosa'} <= set(shipped_generators())
    assert set(shipped_generators()) == set(shipped_models()) - set(estimators)
    for name in estimators:
        PoseEstimator.load(name, 'cpu')
