# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What colours of a mesh say."""

from __future__ import annotations

from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.skeleton import JOINT_INDEX
from motion_avatar_ros.body.vertex_colors import (
    FASTEST_M_S, confidence_colors, part_colors, speed_colors,
)
import numpy as np

GREY = np.array([0.5, 0.5, 0.5])
MESH = load_builtin_mesh()


def of_part(joint: str) -> np.ndarray:
    return MESH.vertex_parts == JOINT_INDEX[joint]


def test_left_and_right_and_arms_and_legs_differ():
    colors = part_colors(MESH)
    assert colors.shape == MESH.vertices.shape
    parts = ('left_elbow', 'right_elbow', 'left_knee', 'right_knee', 'head', 'spine2')
    rgbs = {part: tuple(colors[of_part(part)][0]) for part in parts}
    assert len(set(rgbs.values())) == len(parts)
    for part, rgb in rgbs.items():
        assert (colors[of_part(part)] == rgb).all()


def test_only_what_moves_is_coloured_by_speed_and_no_speed_leaves_the_range():
    hand = of_part('left_wrist')
    moved = MESH.vertices + np.where(hand[:, None], (0.0, 0.0, FASTEST_M_S / 60.0), 0.0)
    colors = speed_colors(moved, MESH.vertices, 1.0 / 60.0, GREY)
    np.testing.assert_array_equal(colors[~hand], np.tile(GREY, ((~hand).sum(), 1)))
    assert (colors[hand, 2] > 0.8).all()
    teleported = speed_colors(MESH.vertices + 100.0, MESH.vertices, 1e-3, GREY)
    np.testing.assert_allclose(teleported, np.tile(colors[hand][0], (len(hand), 1)), atol=1e-4)


def test_doubt_of_the_legs_leaves_the_arms_their_colour():
    colors = confidence_colors(MESH, 1.0, 0.0, GREY)
    np.testing.assert_allclose(colors[of_part('left_elbow')] - GREY, 0.0, atol=1e-6)
    shin = colors[of_part('left_ankle')]
    assert (shin[:, 0] > 0.9).all() and (shin[:, 2] < 0.2).all()
    beyond = confidence_colors(MESH, 7.0, -3.0, GREY)
    np.testing.assert_allclose(beyond, colors, atol=1e-12)
