# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Markers on the page: where they are, and that none stays that is not told any more."""

from __future__ import annotations

import numpy as np
import pytest
from visualization_msgs.msg import Marker

from motion_avatar_ros.ros.shape_markers import ball, cylinder, marker_array
from motion_avatar_ros.ros.web_markers import WebMarkers
from motion_avatar_ros.ros.web_view import WebView, WebViewSettings

RED = (1.0, 0.0, 0.0, 0.5)
QUARTER_XYZW = (0.5 ** 0.5, 0.0, 0.0, 0.5 ** 0.5)


@pytest.fixture
def view():
    page = WebView(WebViewSettings(port=0))
    yield page
    page.close()


def shapes(markers: WebMarkers) -> list:
    return [markers._shapes[key][1] for key in sorted(markers._shapes)]


def test_balls_and_cylinders_are_where_and_how_they_are_told(view):
    markers = WebMarkers(view, '/m')
    markers.show(marker_array([
        ball(np.array([1.0, 2.0, 3.0]), 0.1, RED),
        cylinder(np.array([4.0, 5.0, 6.0]), 0.2, 0.7, RED, QUARTER_XYZW)], 'n', 0, 'odom').markers)
    sphere, rod = shapes(markers)
    np.testing.assert_allclose(sphere.position, [1.0, 2.0, 3.0])
    assert sphere.radius == pytest.approx(0.1) and tuple(sphere.color) == (255, 0, 0)
    assert sphere.opacity == pytest.approx(0.5)
    assert (rod.radius, rod.height) == (pytest.approx(0.2), pytest.approx(0.7))
    np.testing.assert_allclose(rod.wxyz, np.roll(QUARTER_XYZW, 1), atol=1e-6)


def test_a_moved_marker_is_the_same_shape_and_a_changed_one_another(view):
    markers = WebMarkers(view, '/m')
    markers.show([ball(np.zeros(3), 0.1, RED)])
    before = shapes(markers)[0]
    markers.show([ball(np.ones(3), 0.1 + 1e-9, RED)])
    assert shapes(markers)[0] is before
    np.testing.assert_allclose(before.position, 1.0)
    markers.show([ball(np.ones(3), 0.1, (0.0, 0.0, 1.0, 0.5))])
    assert tuple(shapes(markers)[0].color) == (0, 0, 255)


def test_markers_that_are_deleted_left_out_or_of_other_kinds_are_not_drawn(view):
    markers = WebMarkers(view, '/m')
    both = marker_array([ball(np.zeros(3), 0.1, RED), ball(np.ones(3), 0.1, RED)], 'n', 0, 'o')
    markers.show(both.markers)
    assert len(markers._shapes) == 2
    both.markers[0].action = Marker.DELETE
    markers.show(both.markers)
    assert list(markers._shapes) == [('n', 1)]
    markers.show([Marker(type=Marker.TEXT_VIEW_FACING)])
    assert not markers._shapes
