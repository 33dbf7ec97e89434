# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Two operators on one network: real processes, one /tf, a namespace and a body id each.

The trackers of both, and robots that are where they are commanded, come from this process; it
notes what each operator's nodes answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
import math
import os
from pathlib import Path
import signal
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TransformStamped
from motion_avatar_ros.commands.node_processes import NodeProcesses
from motion_avatar_ros.ros.body_messages import pose_from_message, stamp_ns, time_message
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED, TF
import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger
from tf2_msgs.msg import TFMessage
from trajectory_msgs.msg import JointTrajectory

NAMES = ('anna', 'ben')
RATE_HZ = 60.0
_TRACKERS = ('head', 'left_hand', 'right_hand')


@dataclass
class Operator:
    """
    One of them.

    Attributes:
        name: namespace, body id and beginning of the names of frames.
        spoil: returns what is sent instead of a transform; None sends nothing.
        bodies: steady time [s], stamp [ns], position of the root, of each that came.
        commands: steady time [s], positions.
        states: steady time [s], state of the gate.
        heads: where the head was by stamp [ns].
    """

    name: str
    spoil: Callable[[TransformStamped], TransformStamped | None] = lambda sample: sample
    bodies: list[tuple[float, int, np.ndarray]] = field(default_factory=list)
    commands: list[tuple[float, np.ndarray]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)
    heads: dict[int, np.ndarray] = field(default_factory=dict)
    joints: dict[str, float] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """The state of the gate that was told last."""
        return self.states[-1][1] if self.states else ''

    def frames(self) -> dict[str, str]:
        """Return the TF frame of each tracker."""
        return {tracker: f'{self.name}_{tracker}' for tracker in _TRACKERS}

    def samples(self, now_ns: int) -> list[TransformStamped]:
        """Return where the trackers are: a person who sways, each elsewhere in the room."""
        t = 1e-9 * (now_ns % 10 ** 12) + NAMES.index(self.name)
        away_m = 2.0 * NAMES.index(self.name)
        places = {'head': (0.1 * math.sin(t), away_m, 1.6),
                  'left_hand': (0.3, away_m + 0.3 + 0.1 * math.sin(2.0 * t), 1.1),
                  'right_hand': (0.3, away_m - 0.3, 1.1 + 0.1 * math.sin(3.0 * t))}
        self.heads[now_ns] = np.array(places['head'])
        messages = []
        for tracker, (x, y, z) in places.items():
            message = TransformStamped(child_frame_id=self.frames()[tracker])
            message.header.frame_id, message.header.stamp = 'odom', time_message(now_ns)
            translation = message.transform.translation
            translation.x, translation.y, translation.z = x, y, z
            message.transform.rotation.w = 1.0
            messages.append(message)
        return [each for each in map(self.spoil, messages) if each is not None]


class OperatorPair:
    """Starts their nodes and plays both; a context manager."""

    def __init__(self, model: Path, folder: Path) -> None:
        """Prepare; `model` is a model folder."""
        self.operators = {name: Operator(name) for name in NAMES}
        self.processes = NodeProcesses(os.environ, folder)
        self.tf_children: set[str] = set()
        self._model = model

    def __enter__(self) -> OperatorPair:
        rclpy.init()
        self.node = rclpy.create_node('everybody_else')
        self._tf = self.node.create_publisher(TFMessage, '/tf', TF)
        self.node.create_subscription(TFMessage, '/tf', self._on_tf, TF)
        self._robots: dict[str, Any] = {}
        self._clients: dict[str, dict[str, Any]] = {}
        for name, operator in self.operators.items():
            self._listen(name, operator)
            self._start(name, 'avatar_node', {
                'model': str(self._model), 'device': 'cpu', 'body_id': name, 'publish_tf': True,
                'state_publisher': '', **{
                    f'trackers.{tracker}': frame for tracker, frame in operator.frames().items()}})
            self._start(name, 'retarget_node', {'robot': 'g1', 'frame_prefix': f'{name}_robot/'})
        self.node.create_timer(1.0 / RATE_HZ, self._play)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.stop()
        self._executor.shutdown(timeout_sec=5.0)
        self._thread.join(5.0)
        self.node.destroy_node()
        rclpy.try_shutdown()

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition; return whether it came true."""
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(0.02)
        return condition()

    def ask(self, name: str, service: str) -> str:
        """Have an operator's robot do 'engage', 'stop' or 'reset'; return what it said."""
        client = self._clients[name][service]
        assert self.until(client.service_is_ready, 30.0), (name, service)
        future = client.call_async(
            SetBool.Request(data=True) if service == 'engage' else Trigger.Request())
        assert self.until(future.done, 10.0), (name, service)
        return future.result().message

    def engage(self, name: str, timeout_s: float = 60.0) -> None:
        """Engage an operator's robot, and wait until it follows."""
        operator, said = self.operators[name], ''
        deadline_s = time.monotonic() + timeout_s
        while operator.state != 'engaged':
            assert time.monotonic() < deadline_s, (name, operator.state, said)
            if operator.state == 'disengaged' and operator.joints:
                said = self.ask(name, 'engage')
            time.sleep(0.3)

    def kill(self, name: str, node: str) -> None:
        """Kill a node with signal 9."""
        os.kill(self.processes.pids[f'{name}.{node}'], signal.SIGKILL)

    def _start(self, name: str, node: str, parameters: dict[str, object]) -> None:
        arguments = ['--ros-args', '-r', f'__ns:=/{name}']
        for key, value in parameters.items():
            text = str(value).lower() if isinstance(value, bool) else f'"{value}"'
            arguments += ['-p', f'{key}:={text}']
        self.processes.start(f'{name}.{node}', f'motion_avatar_ros.nodes.{node}', arguments)

    def _listen(self, name: str, operator: Operator) -> None:
        def on_body(message: JointState) -> None:
            pose = pose_from_message(message)
            operator.bodies.append((
                time.monotonic(), stamp_ns(message.header.stamp), pose.root_position))

        def on_command(message: JointTrajectory) -> None:
            positions = message.points[-1].positions
            operator.commands.append((time.monotonic(), np.array(positions)))
            operator.joints.update(zip(message.joint_names, positions))

        def on_shown(message: JointState) -> None:
            for joint in message.name:
                operator.joints.setdefault(joint, 0.0)

        node, robot = self.node, f'/{name}/retarget_node'
        for kind, topic, take, qos in (
                (JointState, f'/{name}/avatar_node/joint_states', on_body, JOINT_STATES),
                (JointTrajectory, f'{robot}/joint_trajectory', on_command, JOINT_STATES),
                (JointState, f'{robot}/joint_states', on_shown, JOINT_STATES),
                (DiagnosticStatus, f'{robot}/state', lambda message: operator.states.append(
                    (time.monotonic(), message.message.split(':')[0])), LATCHED)):
            node.create_subscription(kind, topic, take, qos)
        self._robots[name] = node.create_publisher(
            JointState, f'/{name}/joint_states', JOINT_STATES)
        self._clients[name] = {
            service: node.create_client(
                SetBool if service == 'engage' else Trigger, f'{robot}/{service}')
            for service in ('engage', 'stop', 'reset')}

    def _play(self) -> None:
        now_ns = self.node.get_clock().now().nanoseconds
        self._tf.publish(TFMessage(transforms=[
            sample for operator in self.operators.values()
            for sample in operator.samples(now_ns)]))
        for name, operator in self.operators.items():
            if operator.joints:
                message = JointState(
                    name=list(operator.joints), position=list(operator.joints.values()))
                message.header.stamp = time_message(now_ns)
                self._robots[name].publish(message)

    def _on_tf(self, message: TFMessage) -> None:
        self.tf_children.update(each.child_frame_id for each in message.transforms)

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass
