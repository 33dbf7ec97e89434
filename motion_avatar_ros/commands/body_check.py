# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A body topic and what its node says of itself, since a moment."""

from __future__ import annotations

from collections.abc import Mapping
import time

from rclpy.node import Node

from motion_avatar_ros.nodes.node_statuses import NodeStatuses
from motion_avatar_ros.ros.stream_checker import StreamChecker


class BodyCheck:
    """Listens to the body and the diagnostics of one node."""

    def __init__(self, node: Node, stream: StreamChecker, source: str) -> None:
        """
        Begin.

        Args:
            node: that listens.
            stream: of the body topic.
            source: full name of the node that makes the body.
        """
        self._stream = stream
        self._source = source
        self._statuses = NodeStatuses(node, (source,))
        self.restart()

    @property
    def told(self) -> Mapping[str, str]:
        """What the body's node said last, by key."""
        return self._statuses.of(self._source).values

    @property
    def has_poses(self) -> bool:
        """Whether any pose has come since the (re)start."""
        return len(self._stream) > 0

    @property
    def seconds(self) -> float:
        """Time since the (re)start."""
        return time.monotonic() - self._start_s

    def restart(self) -> None:
        """Measure anew from now on."""
        self._start_s = time.monotonic()
        self._stream.clear()
