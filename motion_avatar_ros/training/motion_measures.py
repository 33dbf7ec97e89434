# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be said in numbers of a motion that has no truth beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.generation.standing_feet import feet_of

_LOW_M = 0.045          # of a foot's ball that is on the floor


@dataclass(frozen=True)
class MotionMeasures:
    """
    Of one motion.

    Attributes:
        speed_m_s: mean, of the pelvis along the floor.
        lowest_m, highest_m: pelvis over the floor.
        slide_cm_s: mean speed along the floor of balls of feet below 4.5 cm; None without any.
        jitter_1e2_m_s3: mean length of the joints' third difference, times rate^3.
    """

    speed_m_s: float
    lowest_m: float
    highest_m: float
    slide_cm_s: float | None
    jitter_1e2_m_s3: float


def motion_measures(motion: Motion) -> MotionMeasures:
    """Measure a motion of at least four frames."""
    rate_hz, root = motion.rate_hz, motion.poses.root_position
    steps = np.linalg.norm(np.diff(root[:, :2], axis=0), axis=-1)
    balls = feet_of(motion.poses).balls
    speeds = np.linalg.norm(np.diff(balls[..., :2], axis=0), axis=-1) * rate_hz
    is_low = (balls[1:, :, 2] < _LOW_M) & (balls[:-1, :, 2] < _LOW_M)
    joints = motion.poses.global_joints()[1]
    jerk = np.linalg.norm(np.diff(joints, n=3, axis=0), axis=-1) * rate_hz ** 3
    return MotionMeasures(
        speed_m_s=float(steps.mean() * rate_hz),
        lowest_m=float(root[:, 2].min()), highest_m=float(root[:, 2].max()),
        slide_cm_s=float(100.0 * speeds[is_low].mean()) if is_low.any() else None,
        jitter_1e2_m_s3=float(0.01 * jerk.mean()))
