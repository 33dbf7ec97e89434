# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The topic of a deadman button."""

from __future__ import annotations

from collections.abc import Mapping
import time
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import Joy
from std_msgs.msg import Bool

from motion_avatar_ros.ros.qos import JOINT_STATES
from motion_avatar_ros.safety.deadman import Deadman


class DeadmanInput:
    """Listens to the button that RETARGET_PARAMETERS name, if they name one."""

    def __init__(self, node: Node, values: Mapping[str, Any]) -> None:
        """Subscribe."""
        #: To be destroyed by the node; None without a button.
        self.subscription: Any = None
        self._button = values['deadman.button']
        self._deadman = Deadman(values['deadman.timeout_s'])
        if values['deadman.topic']:
            self.subscription = node.create_subscription(
                Bool if self._button < 0 else Joy, values['deadman.topic'], self._on_message,
                JOINT_STATES)

    def why_released(self, now_s: float) -> str | None:
        """Return why nothing may move, or None while it is held or there is no button."""
        return None if self.subscription is None else self._deadman.why_released(now_s)

    def _on_message(self, message: Any) -> None:
        if isinstance(message, Bool):
            is_pressed = message.data
        else:
            is_pressed = self._button < len(message.buttons) and bool(
                message.buttons[self._button])
        self._deadman.take(is_pressed, time.monotonic())
