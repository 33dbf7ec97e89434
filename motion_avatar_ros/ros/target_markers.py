# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a robot is asked for, as markers: balls at its limbs' goals, discs under held feet."""

from __future__ import annotations

import numpy as np
from visualization_msgs.msg import Marker, MarkerArray

from motion_avatar_ros.ros.shape_markers import ball, cylinder, marker_array

_MIDDLE_RGBA, _END_RGBA = (0.93, 0.66, 0.2, 0.9), (0.93, 0.4, 0.15, 0.95)
_STANDS_RGBA = (0.15, 0.65, 0.35, 0.8)
_MIDDLE_M, _END_M = 0.02, 0.03
_DISC_M, _DISC_HEIGHT_M = 0.09, 0.008


def target_markers(
    middle_m: np.ndarray, end_m: np.ndarray, stamp_ns: int, frame_id: str
) -> MarkerArray:
    """
    Return balls where the parts of the limbs shall be.

    Args:
        middle_m: (N, 3) of knees and elbows, in `frame_id`.
        end_m: (N, 3) of ankles and wrists.
        stamp_ns: the time of the pose.
        frame_id: their frame.
    """
    return marker_array([
        *(ball(each, _MIDDLE_M, _MIDDLE_RGBA) for each in middle_m),
        *(ball(each, _END_M, _END_RGBA) for each in end_m)], 'targets', stamp_ns, frame_id)


def contact_markers(
    held_m: np.ndarray, stands: np.ndarray, stamp_ns: int, frame_id: str
) -> MarkerArray:
    """
    Return a disc on the floor under each foot that is held; those of others are taken away.

    Args:
        held_m: (2, 3) under the toes, left and right, in `frame_id`.
        stands: (2,) whether it is held.
        stamp_ns: the time of the pose.
        frame_id: their frame.
    """
    discs = [cylinder(each, _DISC_M, _DISC_HEIGHT_M, _STANDS_RGBA) for each in held_m]
    for disc, is_held in zip(discs, stands, strict=True):
        disc.action = Marker.ADD if is_held else Marker.DELETE
    return marker_array(discs, 'contacts', stamp_ns, frame_id)
