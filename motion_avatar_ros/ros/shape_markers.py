# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Balls and cylinders as markers for RViz and the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from visualization_msgs.msg import Marker, MarkerArray

from motion_avatar_ros.ros.body_messages import time_message

_NO_TURN = (0.0, 0.0, 0.0, 1.0)


def ball(position_m: np.ndarray, radius_m: float, rgba: Sequence[float]) -> Marker:
    """Return a ball at (3,) [m]; rgba are 0 .. 1."""
    return _marker(Marker.SPHERE, position_m, _NO_TURN, (2.0 * radius_m,) * 3, rgba)


def cylinder(
    position_m: np.ndarray, radius_m: float, height_m: float, rgba: Sequence[float],
    quaternion_xyzw: Sequence[float] = _NO_TURN,
) -> Marker:
    """Return a cylinder about its z axis, with its middle at (3,) [m]; rgba are 0 .. 1."""
    return _marker(Marker.CYLINDER, position_m, quaternion_xyzw, (
        2.0 * radius_m, 2.0 * radius_m, height_m), rgba)


def marker_array(
    markers: Sequence[Marker], namespace: str, stamp_ns: int, frame_id: str
) -> MarkerArray:
    """Return them as one message, numbered from 0."""
    for number, marker in enumerate(markers):
        marker.header.stamp = time_message(stamp_ns)
        marker.header.frame_id = frame_id
        marker.ns, marker.id = namespace, number
    return MarkerArray(markers=list(markers))


def _marker(
    kind: int, position_m: np.ndarray, quaternion_xyzw: Sequence[float],
    scale_m: tuple[float, ...], rgba: Sequence[float],
) -> Marker:
    marker = Marker(type=kind, action=Marker.ADD)
    place, turn = marker.pose.position, marker.pose.orientation
    place.x, place.y, place.z = np.asarray(position_m, dtype=float).tolist()
    turn.x, turn.y, turn.z, turn.w = quaternion_xyzw
    marker.scale.x, marker.scale.y, marker.scale.z = scale_m
    marker.color.r, marker.color.g, marker.color.b, marker.color.a = rgba
    return marker
