# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's node as its page's buttons reach it: engage, disengage, stop, and its state."""

from __future__ import annotations

import time
from typing import Any

from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger

from motion_avatar_ros.nodes.node_statuses import ToldStatus
from motion_avatar_ros.ros.web_robot_control import DISENGAGE, ENGAGE, RESET, STOP, WebRobotControl


class RobotControl:
    """Between the page's buttons and one retarget_node; for the executor's thread only."""

    def __init__(self, node: Node, robot_node: str, page: WebRobotControl) -> None:
        """Make the clients of `robot_node`, a name with its namespace if that differs."""
        self._page = page
        self._name = node.resolve_topic_name(robot_node)
        self._engage: Any = node.create_client(SetBool, f'{robot_node}/engage')
        self._stop: Any = node.create_client(Trigger, f'{robot_node}/stop')
        self._reset: Any = node.create_client(Trigger, f'{robot_node}/reset')

    def update(self, told: ToldStatus, silence_s: float | None) -> None:
        """
        Pass on what was clicked, and show how the robot is.

        Args:
            told: by its node.
            silence_s: since its joint states stopped, None while they come.
        """
        now_s = time.monotonic()
        request = self._page.take_request()
        if request is not None:
            client, message = {
                ENGAGE: (self._engage, SetBool.Request(data=True)),
                DISENGAGE: (self._engage, SetBool.Request(data=False)),
                STOP: (self._stop, Trigger.Request()),
                RESET: (self._reset, Trigger.Request())}[request]
            if client.service_is_ready():
                client.call_async(message).add_done_callback(self._on_answer)
            else:
                self._page.show_answer(False, f'{self._name} does not answer', now_s)
        state = told.values.get('engage_state')
        reason = told.values.get('engage_reason', '')
        if silence_s is not None:
            reason = f'{self._name} is silent for {silence_s:.1f} s'
        self._page.show(state if told.is_fresh else None, reason, now_s)

    def _on_answer(self, future: Future) -> None:
        if not future.cancelled():
            answer = future.result()
            self._page.show_answer(answer.success, answer.message, time.monotonic())
