# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's collision capsules as markers: a cylinder and two balls each."""

from __future__ import annotations

import numpy as np
from visualization_msgs.msg import MarkerArray

from motion_avatar_ros.body.limb_ik import shortest_arc
from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.ros.shape_markers import ball, cylinder, marker_array

_FREE_RGBA = (0.35, 0.6, 0.9, 0.35)
_CLOSE_RGBA = (0.95, 0.25, 0.2, 0.6)
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
        markers.append(cylinder(
            capsule.mean(axis=0), radius_m, float(np.linalg.norm(way)), rgba,
            quaternion_from_matrix(shortest_arc(_Z, way)).tolist()))
        markers += [ball(end, radius_m, rgba) for end in capsule]
    return marker_array(markers, 'collision', stamp_ns, frame_id)
