# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One or many whole-body poses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.skeleton import REST_OFFSETS_M


@dataclass(frozen=True)
class BodyPose:
    """
    A whole-body pose, or a batch of them.

    Attributes:
        local_rotations: (..., 22, 3, 3) SMPL local rotations, joint 0 = orientation of the
            pelvis in the z-up world.
        root_position: (..., 3) position of the pelvis joint [m], in the world.
    """

    local_rotations: np.ndarray
    root_position: np.ndarray

    def global_joints(
        self, offsets: np.ndarray = REST_OFFSETS_M
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return global rotations (..., 22, 3, 3) and joint positions (..., 22, 3) [m]."""
        return forward_kinematics(self.local_rotations, self.root_position, offsets)

    def __getitem__(self, index: Any) -> BodyPose:
        return BodyPose(self.local_rotations[index], self.root_position[index])
