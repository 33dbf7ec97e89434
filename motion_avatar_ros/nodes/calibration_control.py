# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The page's button that calibrates an operator, and what avatar_node says meanwhile."""

from __future__ import annotations

import time

from rclpy.node import Node

from motion_avatar_ros.ros.calibration_client import CalibrationClient
from motion_avatar_ros.ros.web_calibration import WebCalibration


class CalibrationControl:
    """Between the page and one avatar_node; for the executor's thread only."""

    def __init__(self, node: Node, avatar_node: str, page: WebCalibration) -> None:
        """Make the client of `avatar_node`, a name with its namespace if that differs."""
        self._page = page
        self._name = node.resolve_topic_name(avatar_node)
        self.client = CalibrationClient(node, avatar_node)

    def update(self, is_offered: bool) -> None:
        """Pass on a click, and show prompts; without an operator the button is not offered."""
        now_s = time.monotonic()
        if self._page.take_request():
            if self.client.is_available:
                self.client.ask(self._on_answer)
            else:
                self._page.show_answer(
                    False, f'there is no service {self.client.service}; is {self._name} '
                    'running and active?', now_s)
        self._page.show(self.client.report, now_s, is_offered)

    def _on_answer(self, is_good: bool, message: str) -> None:
        self._page.show_answer(is_good, message, time.monotonic())
