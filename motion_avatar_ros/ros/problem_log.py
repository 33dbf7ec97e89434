# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a node now, logged when it begins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rclpy.node import Node

_REPEAT_S = 10.0  # a problem that comes and goes is logged this often at most


class ProblemLog:
    """The one problem of a node, or none."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._said_s: dict[str, float] = {}
        #: In one line; None while there is none.
        self.problem: str | None = None

    def say(self, problem: str | None) -> None:
        """Take the problem there is now; log it when it begins, each once in a while at most."""
        now_s = time.monotonic()
        if problem is not None and now_s - self._said_s.get(problem, -_REPEAT_S) >= _REPEAT_S:
            self._said_s[problem] = now_s
            self._node.get_logger().warning(problem)
        self.problem = problem
