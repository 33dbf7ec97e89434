# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How late bodies, robot poses and commands are, as a process that subscribes to them sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import time

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from motion_avatar_ros.commands.demo_nodes import AVATAR, BODY_TOPIC, PLAYER, RETARGET
from motion_avatar_ros.commands.echo_node import TOPIC as ECHO_TOPIC
from motion_avatar_ros.nodes.node_statuses import NodeStatuses
from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.qos import JOINT_STATES

BODY, ROBOT, COMMAND, ECHO = 'body', 'robot', 'command', 'echo'
_SPEAKERS = (PLAYER, AVATAR, RETARGET)


class LagWatch:
    """Notes reception and lag of every message, and what nodes say of themselves."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._received: dict[str, list[tuple[float, float]]] = {
            kind: [] for kind in (BODY, ROBOT, COMMAND, ECHO)}
        self._statuses = NodeStatuses(node, tuple(f'/{name}' for name in _SPEAKERS))
        self._robot_stamp_ns = 0
        for topic, kind in (
                (BODY_TOPIC, BODY), (f'/{RETARGET}/joint_states', ROBOT), (ECHO_TOPIC, ECHO)):
            node.create_subscription(JointState, topic, self._taker(kind), JOINT_STATES)
        node.create_subscription(
            JointTrajectory, f'/{RETARGET}/joint_trajectory', self._on_command, JOINT_STATES)

    def clear(self) -> None:
        """Measure anew from now on."""
        for received in self._received.values():
            received.clear()

    def count(self, kind: str) -> int:
        """Return how many messages of a kind came."""
        return len(self._received[kind])

    def rate_hz(self, kind: str) -> float:
        """Return the rate of a kind by reception."""
        times_s = [at_s for at_s, _ in self._received[kind]]
        return (len(times_s) - 1) / (times_s[-1] - times_s[0]) if len(times_s) > 1 else 0.0

    def lags_ms(self, kind: str) -> np.ndarray:
        """Return reception minus the stamp of the trackers (N,) [ms]."""
        return 1e3 * np.array([lag_s for _, lag_s in self._received[kind]])

    @property
    def input_rate_hz(self) -> float:
        """The rate that the player says."""
        return float(self.told(PLAYER).get('output_rate_hz', 'nan'))

    def told(self, name: str) -> Mapping[str, str]:
        """Return what player, avatar or retargeting said last of itself, by key."""
        return self._statuses.of(f'/{name}').values

    def _taker(self, kind: str) -> Callable[[JointState], None]:
        def take(message: JointState) -> None:
            stamp = stamp_ns(message.header.stamp)
            if kind == ROBOT:
                self._robot_stamp_ns = stamp
            self._note(kind, stamp)

        return take

    def _on_command(self, message: JointTrajectory) -> None:
        # Commands have no stamp; the node sends each right after the robot pose that it is of.
        self._note(COMMAND, self._robot_stamp_ns)

    def _note(self, kind: str, stamp: int) -> None:
        lag_s = (self._node.get_clock().now().nanoseconds - stamp) * 1e-9
        self._received[kind].append((time.monotonic(), lag_s))
