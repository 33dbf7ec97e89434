# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The whole chain as processes over real DDS, player to simulated robot, and somebody who watches.

The watcher engages the robot, and again when it was let go, as an operator would; it notes when
which command came and how late each body was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
import os
from pathlib import Path
import signal
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from motion_avatar_ros.commands.demo_nodes import (
    AVATAR, BODY_TOPIC, PLAYER, RETARGET, ROBOT_STATE_TOPIC, SIM_ROBOT, DemoNodes,
)
from motion_avatar_ros.commands.node_processes import NodeProcesses
from motion_avatar_ros.commands.process_usage import memory_mb
from motion_avatar_ros.ros.body_messages import stamp_ns
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED
import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

CHAIN = (PLAYER, AVATAR, RETARGET, SIM_ROBOT)
_ASK_AGAIN_S = 0.5
_CONSECUTIVE_S = 0.5    # between commands of one engagement


@dataclass
class Heard:
    """What came, with the steady time [s] of each."""

    commands: list[tuple[float, np.ndarray]] = field(default_factory=list)
    #: Largest change of a joint [rad] from one command to the next, where none between was lost.
    steps: list[tuple[float, float]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)  # of the gate
    lags: list[tuple[float, float]] = field(default_factory=list)  # of bodies [s]
    measured: list[tuple[float, np.ndarray]] = field(default_factory=list)
    #: Values of a node's diagnostics by its name.
    told: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)


class LiveSession:
    """Starts, kills and restarts the nodes; a context manager."""

    def __init__(self, folder: Path, nodes: DemoNodes, **player: object) -> None:
        """Prepare; `player` are more parameters of the player (`__` for a dot)."""
        self.nodes = nodes
        self.heard = Heard()
        self.processes = NodeProcesses(os.environ, folder)
        self._player = player
        self._must_engage = threading.Event()
        self._answer = None
        self._asked_s = 0.0
        self._number = 0
        #: Why engaging was refused last.
        self.refusal = ''

    def __enter__(self) -> LiveSession:
        rclpy.init()
        self.node = rclpy.create_node('watcher')
        heard, now = self.heard, time.monotonic
        for kind, topic, qos, take in (
                (JointTrajectory, f'/{RETARGET}/joint_trajectory', JOINT_STATES,
                 self._on_command),
                (DiagnosticStatus, f'/{RETARGET}/state', LATCHED,
                 lambda m: heard.states.append((now(), m.message.split(':')[0]))),
                (JointState, ROBOT_STATE_TOPIC, JOINT_STATES,
                 lambda m: heard.measured.append((now(), np.array(m.position)))),
                (JointState, BODY_TOPIC, JOINT_STATES, self._on_body),
                (DiagnosticArray, '/diagnostics', 10, self._on_diagnostics)):
            self.node.create_subscription(kind, topic, take, qos)
        self._engage = self.node.create_client(SetBool, f'/{RETARGET}/engage')
        self.node.create_timer(0.1, self._keep_engaged)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        for node in self.nodes.names:
            self.start(node)
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.stop()
        self._executor.shutdown(timeout_sec=5.0)
        self.node.destroy_node()
        rclpy.try_shutdown()
        self._thread.join(5.0)

    def start(self, node: str) -> None:
        """Start a node, for the first time or again."""
        self.nodes.start_one(self.processes, node, **(self._player if node == PLAYER else {}))

    def kill(self, node: str) -> float:
        """Kill a node with signal 9; return when [s]."""
        os.kill(self.processes.pids[node], signal.SIGKILL)
        killed_s = time.monotonic()
        if node == RETARGET:
            self.heard.states.append((killed_s, 'dead'))
        return killed_s

    def engage(self, timeout_s: float = 40.0) -> None:
        """Have the robot engaged from now on, whenever it is let go; wait until it follows."""
        self._must_engage.set()
        if not self.until(lambda: self.state == 'engaged', timeout_s):
            raise AssertionError(f'not engaged: {self.state!r}, {self.refusal!r}')

    def let_be(self) -> None:
        """Engage no more by itself."""
        self._must_engage.clear()

    @property
    def state(self) -> str:
        """The state of the gate that was told last."""
        return self.heard.states[-1][1] if self.heard.states else ''

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition; return whether it came true."""
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        return condition()

    def memory_mb(self) -> dict[str, float]:
        """Return what each node's process holds in memory, by name [MB]."""
        return {name: memory_mb(pid) for name, pid in self.processes.pids.items()}

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass

    def _on_command(self, message: JointTrajectory, info: dict[str, Any]) -> None:
        number, before = info['publication_sequence_number'], self._number
        joints, now_s = np.array(message.points[-1].positions), time.monotonic()
        commands = self.heard.commands
        if commands and number == before + 1 and (
                now_s - commands[-1][0] < _CONSECUTIVE_S):
            self.heard.steps.append((now_s, float(np.abs(joints - commands[-1][1]).max())))
        commands.append((now_s, joints))
        self._number = number

    def _on_body(self, message: JointState) -> None:
        lag_s = (self.node.get_clock().now().nanoseconds - stamp_ns(message.header.stamp)) * 1e-9
        self.heard.lags.append((time.monotonic(), lag_s))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.heard.told.append((time.monotonic(), status.hardware_id.lstrip('/'), {
                pair.key: pair.value for pair in status.values}))

    def _keep_engaged(self) -> None:
        now_s = time.monotonic()
        if self._answer is not None:
            if self._answer.done():
                self.refusal, self._answer = self._answer.result().message, None
            elif now_s > self._asked_s + 5.0:   # it died meanwhile
                self._answer = None
        elif self._must_engage.is_set() and self._engage.service_is_ready() and (
                self.state == 'disengaged' and now_s > self._asked_s + _ASK_AGAIN_S):
            self._asked_s = now_s
            self._answer = self._engage.call_async(SetBool.Request(data=True))
