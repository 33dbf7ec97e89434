# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A topic of markers on the viewer's page, shown and subscribed while its box is ticked."""

from __future__ import annotations

from typing import Any

import numpy as np
from rclpy.node import Node
from visualization_msgs.msg import MarkerArray

from motion_avatar_ros.ros.qos import MARKERS
from motion_avatar_ros.ros.web_markers import WebMarkers
from motion_avatar_ros.ros.web_view import WebView, update_handle


class MarkerView:
    """Of one topic; for the executor's thread only."""

    def __init__(self, node: Node, view: WebView, label: str, topic: str) -> None:
        """Put the box on the page."""
        self._node, self._topic = node, topic
        self._box = view.server.gui.add_checkbox(label, False, visible=False)
        path = view.scene_path(f'markers/{label}')
        self._space = view.server.scene.add_frame(path, show_axes=False)
        self._markers = WebMarkers(view, path)
        self._message: MarkerArray | None = None
        self._subscription: Any = None

    def offer(self, is_there: bool) -> None:
        """Show the box while there is something to show."""
        update_handle(self._box, visible=is_there)

    def draw(self, shift_m: np.ndarray) -> None:
        """Draw what came, moved by (3,) [m]."""
        if self._box.value != (self._subscription is not None):
            self._toggle()
        message, self._message = self._message, None
        if message is not None:
            self._space.position = shift_m
            self._markers.show(message.markers)

    def _toggle(self) -> None:
        if self._subscription is None:
            self._subscription = self._node.create_subscription(
                MarkerArray, self._topic, self._on_markers, MARKERS)
            return
        self._node.destroy_subscription(self._subscription)
        self._subscription = self._message = None
        self._markers.clear()

    def _on_markers(self, message: MarkerArray) -> None:
        self._message = message
