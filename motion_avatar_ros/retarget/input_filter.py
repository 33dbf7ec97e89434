# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One-Euro filters (Casiez, Roussel and Vogel, CHI 2012) in front of a robot.

Every joint's rotation and the pelvis's place are filtered by themselves, so that bones keep their
lengths: what the targets of a robot are made of, before they are made.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import matrix_from_quaternion, quaternion_from_matrix
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.trackers.one_euro import OneEuroFilter, OneEuroSettings
from motion_avatar_ros.trackers.sample import Sample


class InputFilter:
    """Filters consecutive poses of one person."""

    def __init__(self, settings: OneEuroSettings) -> None:
        self._is_off = settings.is_off
        self._filters = [OneEuroFilter(settings) for _ in range(JOINT_COUNT)]

    def clear(self) -> None:
        """Forget everything: the next pose passes as it is."""
        for each in self._filters:
            each.clear()

    def filter(self, pose: BodyPose, stamp_ns: int) -> BodyPose:
        """Return a pose smoothed; stamps rise."""
        if self._is_off:
            return pose
        x, y, z = pose.root_position.tolist()
        smooth = [
            each.filter(Sample(stamp_ns, (x, y, z), tuple(quaternion)))
            for each, quaternion in zip(
                self._filters, quaternion_from_matrix(pose.local_rotations).tolist(),
                strict=True)]
        return BodyPose(
            matrix_from_quaternion(np.array([sample.quaternion_xyzw for sample in smooth])),
            np.array(smooth[0].position_m))
