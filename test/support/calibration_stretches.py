# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stretches of the built-in calibration motion, as takes of recorded motion are made of."""

from __future__ import annotations

from functools import lru_cache

from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.procedural_motion import builtin_motion
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS
from motion_avatar_ros.training.calibration_takes import RATE_HZ, TakeMaterial

#: When the built-in operator does each step [s].
TIMES_S = {
    't_pose': (1.5, 4.5), 'arms_down': (6.0, 7.9),
    'head': (7.5, 12.7), 'arm_circles': (12.9, 19.1)}


@lru_cache
def stretch(step: str) -> Motion:
    """Return the stretch of a step."""
    start, end = (round(time_s * RATE_HZ) for time_s in TIMES_S[step])
    return Motion(builtin_motion('calibration', RATE_HZ).poses[start:end], RATE_HZ)


def stretches() -> dict[str, BodyPose]:
    """Return the poses of all steps."""
    return {step: stretch(step).poses for step in CALIBRATION_STEPS}


def material(*subjects: str) -> TakeMaterial:
    """Return material in which each subject does all steps alike."""
    return TakeMaterial({
        step: [(subject, stretch(step)) for subject in subjects or ('one',)]
        for step in CALIBRATION_STEPS})
