# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A node of a command's own, that listens while the processes of others run."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from motion_avatar_ros.commands.node_processes import EndedNode, NodeProcesses

_PERIOD_S = 0.1


class WatchingNode:
    """Joins the ROS domain of the environment; a context manager."""

    def __init__(self, name: str, must_stop: threading.Event) -> None:
        """Prepare; once `must_stop` is set nothing is waited for."""
        self._name, self._must_stop = name, must_stop

    def __enter__(self) -> WatchingNode:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node(self._name)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown()

    def serve_until(
        self, is_over: Callable[[], bool], processes: NodeProcesses
    ) -> EndedNode | None:
        """Serve callbacks until it is over; return the node that ended, should one end."""
        while not self._must_stop.is_set() and not is_over():
            look_s = time.monotonic() + _PERIOD_S
            while (left_s := look_s - time.monotonic()) > 0.0:
                self._executor.spin_once(timeout_sec=left_s)
            ended = processes.ended()
            if ended is not None:
                return ended
        return None
