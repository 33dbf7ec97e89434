# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The one path of every motion into its figures, whoever made it and in whatever form.

Features are taken as a motion of rotations and a root; joints and features are made anew from it,
so that a generator that says one thing in its positions and another in its rotations has no gain.
Real motion goes the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.generation.motion_features import (
    features_from_motion, motion_from_features,
)


@dataclass(frozen=True)
class RemadeMotion:
    """
    A motion as it is judged.

    Attributes:
        features: (T, 269), see `motion_features`.
        joints: (T, 22, 3) [m], the floor under the lowest toe at z = 0.
    """

    features: np.ndarray
    joints: np.ndarray


def remade(features: np.ndarray) -> RemadeMotion:
    """Return a motion made anew from what features (T, >= 136) say of rotations and root."""
    anew = features_from_motion(motion_from_features(features))
    return RemadeMotion(anew, motion_from_features(anew).poses.global_joints()[1])
