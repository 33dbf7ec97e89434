# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The page's box of words, sent to whoever makes motion of them."""

from __future__ import annotations

from rclpy.node import Node
from std_msgs.msg import String

from motion_avatar_ros.ros.web_prompt import WebPrompt

_DEPTH = 10


class PromptControl:
    """Publishes what is typed; for the executor's thread only."""

    def __init__(self, node: Node, topic: str, page: WebPrompt) -> None:
        """Make the publisher of `topic`."""
        self._page = page
        self._publisher = node.create_publisher(String, topic, _DEPTH)

    def update(self) -> None:
        """Send prompts, and show the box while somebody listens."""
        while (prompt := self._page.take_prompt()) is not None:
            self._publisher.publish(String(data=prompt))
        self._page.show(self._publisher.get_subscription_count() > 0)
