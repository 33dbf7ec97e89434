# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""generator_node on a bench: somebody who says what to do, and ears on its body."""

from __future__ import annotations

from collections.abc import Callable
import time

from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.nodes.generator_node import GeneratorNode
from motion_avatar_ros.ros.body_messages import joint_state_message, pose_from_message
from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger


class GeneratorBench:
    """A generator node whose log is kept."""

    def __init__(self, executor: SingleThreadedExecutor | None = None, **overrides) -> None:
        self.node = GeneratorNode(parameter_overrides=[
            Parameter(name.replace('__', '.'), value=value)
            for name, value in overrides.items()])
        self.executor = executor or SingleThreadedExecutor()
        self.lines: list[str] = []
        self.node.get_logger = lambda: self
        self.info = self.error = self.warning = self.lines.append
        self.other = rclpy.create_node('somebody')
        self.prompt = self.other.create_publisher(String, 'generator_node/prompt', 10)
        self.operator = self.other.create_publisher(
            JointState, 'avatar_node/joint_states', JOINT_STATES)
        self.bodies: list[JointState] = []
        self.descriptions: list[str] = []
        self.other.create_subscription(
            JointState, 'generator_node/joint_states', self.bodies.append, JOINT_STATES)
        self.other.create_subscription(
            String, 'generator_node/robot_description',
            lambda message: self.descriptions.append(message.data), LATCHED)
        self.reset = self.other.create_client(Trigger, 'generator_node/reset')
        self.encoder = JointStateEncoder()
        for node in (self.node, self.other):
            self.executor.add_node(node)

    def start(self) -> GeneratorBench:
        assert self.node.start(), self.lines
        assert self.until(lambda: self.prompt.get_subscription_count() == 1
                          and self.other.count_publishers('generator_node/joint_states') == 1
                          and self.reset.service_is_ready())
        return self

    def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.005)
        return condition()

    def run(self, seconds: float) -> list[JointState]:
        """Let time pass; return the bodies that came meanwhile."""
        count, end_s = len(self.bodies), time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end_s, seconds + 1.0)
        return self.bodies[count:]

    def say(self, text: str) -> None:
        self.prompt.publish(String(data=text))

    def operate(
        self, seconds: float, pose: Callable[[float], BodyPose], rate_hz: float = 60.0,
    ) -> list[JointState]:
        """Send an operator's body for a while."""
        count, start_s = len(self.bodies), time.monotonic()
        due_s = start_s
        while due_s < start_s + seconds:
            self.until(lambda: time.monotonic() >= due_s)
            due_s += 1.0 / rate_hz
            self.operator.publish(joint_state_message(
                pose(due_s - start_s), self.other.get_clock().now().nanoseconds, 'odom',
                self.encoder))
        self.run(0.1)
        return self.bodies[count:]

    @property
    def told(self) -> dict:
        level, line, values = self.node._diagnose()
        return {'level': level, 'line': line, **values}

    def close(self) -> None:
        self.node.close()
        self.other.destroy_node()


def poses_of(messages: list[JointState]) -> BodyPose:
    """Return the poses of messages."""
    poses = [pose_from_message(message) for message in messages]
    return BodyPose(np.array([pose.local_rotations for pose in poses]),
                    np.array([pose.root_position for pose in poses]))
