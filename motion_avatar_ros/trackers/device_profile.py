# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What is known of a family of devices: axes, units, delay, and where on the body they are worn.

A profile turns what a bridge publishes into poses of the devices in REP-103 axes. Where the
joints are in the devices is another matter: a profile knows what is typical, a calibration what
is true of one operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from motion_avatar_ros.trackers.axis_convention import AxisConvention
from motion_avatar_ros.trackers.calibration import Calibration, TrackerOffset
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector

#: All trackers a profile speaks of.
PROFILE_TRACKERS = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)


@dataclass(frozen=True)
class DeviceProfile:
    """
    A family of devices as one bridge publishes them.

    Attributes:
        name: what a user calls it.
        description: one line for the user.
        conventions: how the poses of each tracker are given, all of PROFILE_TRACKERS.
        frames: TF frame of each tracker, the bridge's default names.
        fixed_frame: TF frame of the source's world.
        latency_s: how much older than its stamp a pose is.
        offsets: typical pose of the joint in the device, by tracker; none where the frames are
            the joints'.
    """

    name: str
    description: str
    conventions: Mapping[str, AxisConvention]
    frames: Mapping[str, str]
    fixed_frame: str = 'odom'
    latency_s: float = 0.0
    offsets: Mapping[str, TrackerOffset] = field(default_factory=dict)

    def convert(
        self, tracker: str, stamp_ns: int, position: Sequence[float],
        quaternion: Sequence[float],
    ) -> tuple[int, Vector, Quaternion]:
        """
        Return a sample as the rest of this package takes it.

        What is no pose stays as wrong as it is: the gate judges and counts it.

        Args:
            tracker: one of PROFILE_TRACKERS.
            stamp_ns: as the source has it.
            position: 3 plain floats, in the source's axes and units.
            quaternion: 4 plain floats, in the source's axes and order.

        Returns:
            The stamp of the instant the pose is of, the position [m] and the quaternion xyzw
            of the device in REP-103 axes.
        """
        return (stamp_ns - round(self.latency_s * 1e9),
                *self.conventions[tracker].pose(position, quaternion))

    def typical_calibration(self) -> Calibration:
        """Return what to assume of an operator who has not calibrated."""
        return Calibration(
            offsets=dict(self.offsets), profile=self.name,
            verdict=f"not calibrated: typical offsets of profile '{self.name}'")

    @property
    def world_quaternion_xyzw(self) -> Quaternion | None:
        """
        Return how the source's world is turned in the z-up world, as a TF has it.

        It is the rotation of a transform from a z-up frame to `fixed_frame`; None where there
        is none, because the source is left-handed or not in metres.
        """
        convention = self.conventions[TRACKER_NAMES[0]]
        if not convention.world.is_right_handed or convention.metres_per_unit != 1.0:
            return None
        return convention.world.proper_quaternion_xyzw
