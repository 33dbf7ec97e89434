# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Markers on the web page: balls and cylinders, as RViz would show them. Knows no ROS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from motion_avatar_ros.ros.web_view import WebView

#: Values of visualization_msgs/Marker.
_CYLINDER, _SPHERE = 3, 2
_ADD = 0
_DIGITS = 4


class WebMarkers:
    """The markers of one topic."""

    def __init__(self, view: WebView, path: str) -> None:
        """Put none on the page yet; `path` is the scene path under which they come."""
        self._scene = view.server.scene
        self._path = path
        self._shapes: dict[tuple[str, int], tuple[tuple[Any, ...], Any]] = {}

    def show(self, markers: Iterable[Any]) -> None:
        """
        Draw these and nothing else; other kinds than balls and cylinders are left out.

        Args:
            markers: of visualization_msgs, in the frame of the path.
        """
        gone = set(self._shapes)
        for marker in markers:
            key = marker.ns, marker.id
            if marker.action != _ADD or marker.type not in (_CYLINDER, _SPHERE):
                continue
            gone.discard(key)
            shape = self._shape(key, marker)
            place, turn = marker.pose.position, marker.pose.orientation
            shape.position = (place.x, place.y, place.z)
            shape.wxyz = (turn.w, turn.x, turn.y, turn.z)
        for key in gone:
            self._shapes.pop(key)[1].remove()

    def clear(self) -> None:
        """Take all of them from the page."""
        self.show(())

    def _shape(self, key: tuple[str, int], marker: Any) -> Any:
        """Return what is drawn for a marker, made anew where its form or colour changes."""
        scale, color = marker.scale, marker.color
        # Lengths that are computed anew each time differ in their last bits.
        form = (marker.type, round(scale.x, _DIGITS), round(scale.z, _DIGITS),
                color.r, color.g, color.b, color.a)
        before = self._shapes.get(key)
        if before is not None and before[0] == form:
            return before[1]
        if before is not None:
            before[1].remove()
        name = f'{self._path}/{key[0]}/{key[1]}'
        looks = {
            'color': tuple(round(255 * channel) for channel in (color.r, color.g, color.b)),
            'opacity': color.a, 'cast_shadow': False, 'receive_shadow': False}
        shape: Any = (
            self._scene.add_icosphere(name, radius=0.5 * scale.x, **looks)
            if marker.type == _SPHERE else
            self._scene.add_cylinder(name, radius=0.5 * scale.x, height=scale.z, **looks))
        self._shapes[key] = form, shape
        return shape
