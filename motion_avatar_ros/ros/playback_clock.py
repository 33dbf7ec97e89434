# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The clock by which something is played from a thread, and the signal to stop."""

from __future__ import annotations

import threading
import time

from rclpy.node import Node

_NS_PER_S = 1_000_000_000
_STEP_NS = _NS_PER_S
#: How often a simulated clock is looked at; it cannot be waited for.
_SIM_TIME_POLL_S = 0.002


class PlaybackClock:
    """Steady time, or simulated time where the node is on it; waits end early at a stop."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.is_simulated: bool = node.get_parameter('use_sim_time').value
        self._is_stopping = threading.Event()
        self._last_ns: int | None = None

    def stop(self) -> None:
        """Make every wait return True from now on."""
        self._is_stopping.set()

    def now_ns(self) -> int:
        """Return the time to schedule by."""
        return self.ros_now_ns() if self.is_simulated else time.monotonic_ns()

    def ros_now_ns(self) -> int:
        """Return the time that stamps are of."""
        return self._node.get_clock().now().nanoseconds

    def wait(self, after_s: float) -> bool:
        """Wait, on simulated time for an instant only; True when it is time to stop."""
        return self._is_stopping.wait(
            _SIM_TIME_POLL_S if self.is_simulated else after_s) or self.is_stopped()

    def is_stopped(self) -> bool:
        """Return whether it is time to stop."""
        return self._is_stopping.is_set() or not self._node.context.ok()

    def wait_to_run(self) -> bool:
        """Wait until a simulated clock runs; True when it is time to stop."""
        while self.now_ns() == 0:
            if self.wait(_SIM_TIME_POLL_S):
                return True
        return False

    def set_back_ns(self) -> int:
        """Return by how much a simulated clock was set back since the last call, else 0."""
        now_ns, last_ns = self.now_ns(), self._last_ns
        self._last_ns = now_ns
        return last_ns - now_ns if last_ns is not None and now_ns < last_ns - _STEP_NS else 0
