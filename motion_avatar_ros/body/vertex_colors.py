# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Colours of a body mesh that say something: its parts, how fast they move, how sure they are."""

from __future__ import annotations

import enum

import numpy as np

from motion_avatar_ros.body.mesh import BodyMesh
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_NAMES, LOWER_JOINTS

#: Speed [m/s] that has the colour of the fastest.
FASTEST_M_S = 3.0
_FAST_RGB = (0.12, 0.36, 0.85)
_UNSURE_RGB = (0.93, 0.45, 0.12)
# Okabe and Ito's, which differ for the colour blind too.
_HEAD, _TRUNK = (0.80, 0.47, 0.65), (0.72, 0.74, 0.78)
_LEFT_ARM, _RIGHT_ARM = (0.34, 0.71, 0.91), (0.90, 0.62, 0.0)
_LEFT_LEG, _RIGHT_LEG = (0.0, 0.45, 0.70), (0.84, 0.37, 0.0)
_LEG_JOINTS = ('hip', 'knee', 'ankle', 'foot')
_ARM_JOINTS = ('collar', 'shoulder', 'elbow', 'wrist')


class ColorBy(enum.Enum):
    """What colours of a mesh say."""

    NOTHING = 'nothing'         # one colour
    PART = 'part'               # head, trunk, each arm and leg
    SPEED = 'speed'             # of each vertex
    CONFIDENCE = 'confidence'   # of the upper and the lower body


def part_colors(mesh: BodyMesh) -> np.ndarray:
    """Return a colour (V, 3), 0 .. 1, of each vertex, by the part that it belongs to."""
    return np.array([_part_rgb(name) for name in JOINT_NAMES])[mesh.vertex_parts]


def speed_colors(
    vertices_m: np.ndarray, before_m: np.ndarray, elapsed_s: float, still_rgb: np.ndarray,
) -> np.ndarray:
    """
    Return a colour (V, 3), 0 .. 1, of each vertex, bluer the faster it moves.

    Args:
        vertices_m: (V, 3) now.
        before_m: (V, 3) earlier.
        elapsed_s: between them, above 0.
        still_rgb: (3,) of what rests.
    """
    speed_m_s = np.linalg.norm(vertices_m - before_m, axis=1) / elapsed_s
    return _mixed(still_rgb, _FAST_RGB, np.minimum(speed_m_s / FASTEST_M_S, 1.0))


def confidence_colors(
    mesh: BodyMesh, upper: float, lower: float, sure_rgb: np.ndarray,
) -> np.ndarray:
    """
    Return a colour (V, 3), 0 .. 1, of each vertex, more orange the less sure it is.

    Args:
        mesh: the body.
        upper, lower: how sure the halves of the body are, 0 .. 1.
        sure_rgb: (3,) of what is sure.
    """
    of_joint = np.full(JOINT_COUNT, upper)
    of_joint[list(LOWER_JOINTS)] = lower
    of_vertex = mesh.dense_weights @ np.clip(of_joint, 0.0, 1.0)
    return _mixed(sure_rgb, _UNSURE_RGB, 1.0 - of_vertex)


def _mixed(
    first_rgb: np.ndarray, second_rgb: tuple[float, ...], share: np.ndarray,
) -> np.ndarray:
    return first_rgb + share[:, None] * (np.array(second_rgb) - first_rgb)


def _part_rgb(joint: str) -> tuple[float, float, float]:
    is_left = joint.startswith('left_')
    if joint.endswith(_LEG_JOINTS):
        return _LEFT_LEG if is_left else _RIGHT_LEG
    if joint.endswith(_ARM_JOINTS):
        return _LEFT_ARM if is_left else _RIGHT_ARM
    return _HEAD if joint in ('head', 'neck') else _TRUNK
