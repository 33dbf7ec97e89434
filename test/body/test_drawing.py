# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures without a display."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull

from motion_avatar_ros.body.drawing import Solid, draw

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
RED, BLUE = (250, 20, 20), (20, 20, 250)


def box(center, rgb):
    return Solid(0.2 * CORNERS + center, ConvexHull(CORNERS).simplices, rgb)


def seen(azimuth_deg, *boxes):
    return np.asarray(draw(boxes, (100, 100), 50.0, azimuth_deg)).astype(int)


def is_red(pixels):
    return (pixels[..., 0] > 60) & (pixels[..., 2] < 60)


def test_left_is_on_the_right_for_who_is_seen_from_ahead_and_up_is_up():
    picture = is_red(seen(0.0, box([0.0, 0.5, 1.5], RED)))
    rows, columns = np.nonzero(picture)
    assert columns.mean() > 65 and rows.mean() < 30
    assert 350 < picture.sum() < 450     # 20 pixels wide and high


def test_what_is_nearer_covers_what_is_behind_it():
    ahead, behind = box([1.0, 0.0, 1.0], RED), box([-1.0, 0.0, 1.0], BLUE)
    for solids in ((ahead, behind), (behind, ahead)):
        assert is_red(seen(0.0, *solids)).sum() > 350
        assert not is_red(seen(180.0, *solids)).any()


def test_faces_that_are_inside_out_are_no_darker():
    right = box([0.0, 0.0, 1.0], RED)
    wrong = Solid(right.vertices, right.faces[:, ::-1], RED)
    np.testing.assert_array_equal(seen(30.0, right), seen(30.0, wrong))
