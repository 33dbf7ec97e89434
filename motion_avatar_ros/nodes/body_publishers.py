# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Who publishes a body topic: how many there are, and whether it is somebody else now.

A body that comes from another source is another body, wherever it is and however soon it comes
after the last one. Two signs, of which each has its gap: the middleware's list of publishers,
which is looked at some times a second, and the number of a message, which begins at one with each
publisher, where the middleware numbers them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rclpy.node import Node


class BodyPublishers:
    """Of one topic; for the executor's thread only."""

    def __init__(self, node: Node, topic: str) -> None:
        """Take the full name of the topic."""
        self._node, self.topic = node, topic
        #: How many there are, as of the last look.
        self.count = 0
        self._one: tuple[int, ...] | None = None
        self._number: int | None = None

    def look(self) -> bool:
        """Count them; say whether the one that there is is another than before."""
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        self.count = len(publishers)
        if self.count != 1:
            return False
        before, self._one = self._one, tuple(publishers[0].endpoint_gid)
        if before is None or self._one == before:
            return False
        self._number = None
        return True

    def is_from_another(self, info: Mapping[str, Any]) -> bool:
        """Say whether a message is of another publisher than the one before."""
        last, self._number = self._number, info.get('publication_sequence_number')
        return last is not None and self._number is not None and self._number <= last
