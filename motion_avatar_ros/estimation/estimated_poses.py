# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What every online estimator returns, and the interface it is called by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import HEAD


@dataclass(frozen=True)
class EstimatedPoses:
    """
    Whole-body poses of S streams and T frames.

    Attributes:
        poses: `local_rotations` (S, T, 22, 3, 3) and `root_position` (S, T, 3) [m], in the
            world that the trackers are in.
        confidence: (S, T, 2) of the upper and of the lower body, in 0..1.
    """

    poses: BodyPose
    confidence: np.ndarray


class OnlineEstimator(Protocol):
    """Infers bodies from tracker frames, causally, for a fixed number of streams."""

    name: str
    rate_hz: float
    tracker_names: tuple[str, ...]
    streams: int

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        """
        Estimate the next frames.

        Args:
            rotations: (S, T, N, 3, 3) of the trackers in the z-up world, SMPL body axes.
            positions: (S, T, N, 3) [m] in the world, z = 0 on the floor.
        """


def placed_under_head(local_rotations: np.ndarray, head_positions: np.ndarray) -> BodyPose:
    """
    Place poses so that their head joint is where the head was observed.

    Args:
        local_rotations: (..., 22, 3, 3), joint 0 = orientation in the world.
        head_positions: (..., 3) [m] in the world.
    """
    return joints_under_head(local_rotations, head_positions)[0]


def joints_under_head(
    local_rotations: np.ndarray, head_positions: np.ndarray
) -> tuple[BodyPose, np.ndarray, np.ndarray]:
    """Return what `placed_under_head` does, and its joints: (..., 22, 3, 3) and (..., 22, 3)."""
    at_origin = BodyPose(local_rotations, np.zeros_like(head_positions))
    rotations, positions = at_origin.global_joints()
    root = head_positions - positions[..., HEAD, :]
    return BodyPose(local_rotations, root), rotations, positions + root[..., None, :]
