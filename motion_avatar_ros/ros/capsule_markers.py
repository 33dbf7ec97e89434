# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's collision capsules as markers for RViz: a cylinder and two balls each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from visualization_msgs.msg import Marker, MarkerArray

from motion_avatar_ros.body.limb_ik import shortest_arc
from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.ros.body_messages import time_message

_FREE_RGBA = (0.35, 0.6, 0.9, 0.35)
_CLOSE_RGBA = (0.95, 0.25, 0.2, 0.6)
_NAMESPACE = 'collision'
_Z = np.array([0.0, 0.0, 1.0])


def capsule_markers(
    ends: np.ndarray, radii_m: np.ndarray, is_close: np.ndarray, stamp_ns: int, frame_id: str
) -> MarkerArray:
    """
    Return the markers.

    Args:
        ends: (C, 2, 3) [m] of the capsules' axes, in `frame_id`.
        radii_m: (C,).
        is_close: (C,) those that are as close to another as they may be, drawn in red.
        stamp_ns: the time of the pose.
        frame_id: their frame.
    """
    markers = []
    for capsule, radius_m, close in zip(ends, radii_m.tolist(), is_close, strict=True):
        rgba = _CLOSE_RGBA if close else _FREE_RGBA
        way = capsule[1] - capsule[0]
        turn_xyzw = quaternion_from_matrix(shortest_arc(_Z, way)).tolist()
        markers.append(_marker(
            Marker.CYLINDER, capsule.mean(axis=0), turn_xyzw, (
                2.0 * radius_m, 2.0 * radius_m, float(np.linalg.norm(way))), rgba))
        for end in capsule:
            markers.append(_marker(
                Marker.SPHERE, end, (0.0, 0.0, 0.0, 1.0), (2.0 * radius_m,) * 3, rgba))
    for number, marker in enumerate(markers):
        marker.header.stamp = time_message(stamp_ns)
        marker.header.frame_id = frame_id
        marker.ns, marker.id = _NAMESPACE, number
    return MarkerArray(markers=markers)


def _marker(
    kind: int, position_m: np.ndarray, quaternion_xyzw: Sequence[float],
    scale_m: tuple[float, ...], rgba: tuple[float, ...],
) -> Marker:
    marker = Marker(type=kind, action=Marker.ADD)
    place, turn = marker.pose.position, marker.pose.orientation
    place.x, place.y, place.z = position_m.tolist()
    turn.x, turn.y, turn.z, turn.w = quaternion_xyzw
    marker.scale.x, marker.scale.y, marker.scale.z = scale_m
    marker.color.r, marker.color.g, marker.color.b, marker.color.a = rgba
    return marker
