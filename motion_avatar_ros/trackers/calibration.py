# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a calibration found: the operator's size, the floor, and where each device is worn.

A tracker reports the pose of a device. The joint it is worn at is a fixed pose in the device's
frame, its offset: R_joint = R_device R_offset and p_joint = p_device + R_device p_offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.pose_algebra import IDENTITY, Quaternion, Vector

#: Stature of the model's body [m]: the built-in mesh from sole to crown.
MODEL_HEIGHT_M = 1.707
#: The heights of operators that are allowed [m].
HEIGHT_RANGE_M = (1.4, 2.1)

#: What an operator is asked to do, in this order.
CALIBRATION_STEPS = ('t_pose', 'arms_down', 'head', 'arm_circles')


class CalibrationRefusedError(MotionAvatarError):
    """A take that no calibration can be made of; the text says why, in the operator's words."""


@dataclass(frozen=True)
class TrackerOffset:
    """
    Pose of a joint in the frame of the device that is worn at it.

    Attributes:
        position_m: (x, y, z) [m] in the device's axes (REP-103, after its profile).
        quaternion_xyzw: unit quaternion from the joint's REP-103 axes to the device's.
    """

    position_m: Vector = IDENTITY[0]
    quaternion_xyzw: Quaternion = IDENTITY[1]


@dataclass(frozen=True)
class TrackerFit:
    """
    How well the calibrated body explains one tracker.

    Attributes:
        residual_m, residual_rad: root mean square over the take of what is left unexplained.
        position_std_m, rotation_std_rad: standard deviation of the offset that was found.
    """

    residual_m: float
    residual_rad: float
    position_std_m: float
    rotation_std_rad: float


@dataclass(frozen=True)
class Calibration:
    """
    An operator with devices on.

    Attributes:
        height_m: stature.
        arm_scale: length of the arms relative to a body of that height; 1 is in proportion.
        floor_m: height of the floor in the fixed frame.
        offsets: of the joint in the device's frame, by tracker.
        operator: name it is saved under; empty before it is saved.
        profile: name of the device profile that was in force.
        height_std_m, arm_scale_std, floor_std_m: standard deviations.
        fits: by tracker; empty without a take (typical offsets of a profile).
        verdict: one plain line for the operator.
        date: ISO 8601, UTC; empty without a take.
    """

    height_m: float = MODEL_HEIGHT_M
    arm_scale: float = 1.0
    floor_m: float = 0.0
    offsets: Mapping[str, TrackerOffset] = field(default_factory=dict)
    operator: str = ''
    profile: str = 'generic'
    height_std_m: float = 0.0
    arm_scale_std: float = 0.0
    floor_std_m: float = 0.0
    fits: Mapping[str, TrackerFit] = field(default_factory=dict)
    verdict: str = 'not calibrated'
    date: str = ''

    @property
    def scale(self) -> float:
        """Size of the operator relative to the model's body."""
        return self.height_m / MODEL_HEIGHT_M


@dataclass(frozen=True)
class TakeStep:
    """
    Device poses while the operator did one step.

    Attributes:
        rotations: (T, N, 3, 3) of the devices in the z-up world, SMPL body axes (that is
            R_ros @ ROS_FROM_SMPL), as the timeline gives them.
        positions: (T, N, 3) [m] in the fixed frame.
    """

    rotations: np.ndarray
    positions: np.ndarray


@dataclass(frozen=True)
class CalibrationTake:
    """
    The recording of a whole calibration.

    Attributes:
        tracker_names: N trackers, the head first.
        rate_hz: frames per second of all steps.
        steps: by name, all of CALIBRATION_STEPS; what lies between them is left out.
    """

    tracker_names: tuple[str, ...]
    rate_hz: float
    steps: Mapping[str, TakeStep]
