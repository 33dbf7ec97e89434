# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The colours of mesh_node's vertices, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.mesh import BodyMesh
from motion_avatar_ros.body.vertex_colors import (
    ColorBy, confidence_colors, part_colors, speed_colors,
)
from motion_avatar_ros.ros.body_messages import CONFIDENCE_NAMES, stamp_ns

_LONGEST_NS = 500_000_000   # between poses of which a speed is told
_SILENCE_NS = 1_000_000_000     # a confidence so much older than its pose is none


class MeshColors:
    """Tells them of what it saw before."""

    def __init__(self, mesh: BodyMesh, color_by: ColorBy, usual_rgb: Sequence[float]) -> None:
        """
        Begin.

        Args:
            mesh: whose vertices are coloured.
            color_by: what colours say.
            usual_rgb: (3,), 0 .. 1, of what rests, or is sure.
        """
        self._mesh = mesh
        self.color_by = color_by
        self._usual_rgb = np.array(usual_rgb)
        self._plain = np.tile(self._usual_rgb, (len(mesh.vertices), 1))
        self._parts = part_colors(mesh)
        self._before: tuple[int, np.ndarray] | None = None
        self._confidence: tuple[int, float, float] | None = None

    def take_confidence(self, message: JointState) -> None:
        """Take how sure the avatar is; a message without both halves changes nothing."""
        told = dict(zip(message.name, message.position))
        halves = [told.get(name, float('nan')) for name in CONFIDENCE_NAMES]
        if np.isfinite(halves).all():
            self._confidence = stamp_ns(message.header.stamp), halves[0], halves[1]

    def of(self, vertices_m: np.ndarray, time_ns: int) -> np.ndarray | None:
        """
        Return the colours (V, 3), 0 .. 1, of one frame, or None where there is but one.

        Args:
            vertices_m: (V, 3).
            time_ns: its stamp.
        """
        if self.color_by is ColorBy.NOTHING:
            return None
        if self.color_by is ColorBy.PART:
            return self._parts
        if self.color_by is ColorBy.SPEED:
            before, self._before = self._before, (time_ns, vertices_m)
            if before is None or not 0 < time_ns - before[0] <= _LONGEST_NS:
                return self._plain
            return speed_colors(
                vertices_m, before[1], (time_ns - before[0]) * 1e-9, self._usual_rgb)
        if self._confidence is None or abs(time_ns - self._confidence[0]) > _SILENCE_NS:
            return self._plain
        return confidence_colors(self._mesh, *self._confidence[1:], self._usual_rgb)
