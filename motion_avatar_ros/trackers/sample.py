# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One pose of one frame at one stamp, when it came, and the pose between two of them."""

from __future__ import annotations

from typing import NamedTuple

from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector, slerp


class Sample(NamedTuple):
    """
    A pose at a stamp.

    Attributes:
        stamp_ns: the time the pose refers to.
        position_m: (x, y, z) [m].
        quaternion_xyzw: unit quaternion, REP-103 axes.
        is_restart: nothing before this sample may be joined to it.
    """

    stamp_ns: int
    position_m: Vector
    quaternion_xyzw: Quaternion
    is_restart: bool = False


class Reception(NamedTuple):
    """
    When a sample came.

    Attributes:
        stamp_ns: of the sample.
        received_ns: by the clock of the stamps.
        received_s: by a steady clock [s].
    """

    stamp_ns: int
    received_ns: int
    received_s: float


def interpolate(before: Sample, after: Sample, stamp_ns: int) -> Sample:
    """Return the pose at a stamp between two samples: lerp and slerp along the shortest arc."""
    fraction = (stamp_ns - before.stamp_ns) / (after.stamp_ns - before.stamp_ns)
    ax, ay, az = before.position_m
    bx, by, bz = after.position_m
    position = (ax + fraction * (bx - ax), ay + fraction * (by - ay), az + fraction * (bz - az))
    return Sample(
        stamp_ns, position, slerp(before.quaternion_xyzw, after.quaternion_xyzw, fraction))
