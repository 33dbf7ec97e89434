# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One body of two: who walks, and who moves the arms.

Pelvis and legs are the walker's. The trunk is turned in the heading of the walker as it is in the
operator's own, so that who bends forward or aside does so over the walking legs, and the pelvis'
swaying does not reach the hands.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import rotation_about_z, transpose
from motion_avatar_ros.body.skeleton import (
    JOINT_INDEX, PELVIS, REST_OFFSETS_M, UPPER_JOINTS,
)
from motion_avatar_ros.trackers.heading import heading_angles

_SPINE = JOINT_INDEX['spine1']      # what the upper body hangs on
_LEG = [JOINT_INDEX[f'{side}_{joint}'] for side in ('left', 'right')
        for joint in ('knee', 'ankle')]


def merged(walker: BodyPose, operator: BodyPose, legs_scale: float = 1.0) -> BodyPose:
    """
    Return the body of both.

    Args:
        walker, operator: one pose each.
        legs_scale: how many times longer the operator's legs are than the walker's.
    """
    local = walker.local_rotations.copy()
    upper = list(UPPER_JOINTS)
    local[upper] = operator.local_rotations[upper]
    trunk = operator.local_rotations[PELVIS] @ operator.local_rotations[_SPINE]
    turn = rotation_about_z(np.array(_heading(walker) - _heading(operator)))
    local[_SPINE] = transpose(walker.local_rotations[PELVIS]) @ turn @ trunk
    return BodyPose(local, walker.root_position * legs_scale)


def legs_scale(offsets_m: np.ndarray) -> float:
    """Return how many times longer the legs of offsets (22, 3) [m] are than the built-in ones."""
    lengths = [np.linalg.norm(each[_LEG], axis=-1).sum() for each in (offsets_m, REST_OFFSETS_M)]
    return float(lengths[0] / lengths[1])


def _heading(pose: BodyPose) -> float:
    return float(heading_angles(pose.local_rotations[None, PELVIS])[0])
