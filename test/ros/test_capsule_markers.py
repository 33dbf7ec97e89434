# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Capsules as RViz draws them."""

from __future__ import annotations

from motion_avatar_ros.ros.capsule_markers import capsule_markers
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from visualization_msgs.msg import Marker


@pytest.mark.parametrize('way', [
    (0.0, 0.0, 0.3), (0.0, 0.0, -0.3), (0.2, -0.1, 0.05), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)])
def test_cylinder_and_balls_lie_on_the_axis(way):
    ends = np.array([[[0.1, 0.2, 0.3], np.array([0.1, 0.2, 0.3]) + way]])
    cylinder, *balls = capsule_markers(
        ends, np.array([0.05]), np.array([False]), 5, 'odom').markers
    length_m = np.linalg.norm(way)
    assert (cylinder.type, cylinder.scale.x) == (Marker.CYLINDER, pytest.approx(0.1))
    assert cylinder.scale.z == pytest.approx(length_m)
    turn = cylinder.pose.orientation
    axis = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).apply([0.0, 0.0, length_m])
    np.testing.assert_allclose(np.abs(axis), np.abs(way), atol=1e-9)
    for ball, end in zip(balls, ends[0], strict=True):
        place = ball.pose.position
        np.testing.assert_allclose([place.x, place.y, place.z], end)
        assert ball.scale.x == pytest.approx(0.1)


def test_ids_differ_and_close_ones_are_red():
    markers = capsule_markers(
        np.zeros((2, 2, 3)), np.ones(2), np.array([False, True]), 5, 'odom').markers
    assert len({(marker.ns, marker.id) for marker in markers}) == 6
    assert markers[0].color.b > markers[0].color.r and markers[3].color.r > markers[3].color.b
