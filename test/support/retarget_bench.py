# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""retarget_node on a bench: a person in front of it, a robot that obeys it."""

from __future__ import annotations

from collections.abc import Callable
import time

from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.nodes.retarget_node import RetargetNode
from motion_avatar_ros.ros.body_messages import joint_state_message
from motion_avatar_ros.ros.qos import JOINT_STATES
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

PERIOD_S = 1.0 / 60.0
LEFT_ELBOW = 18


def person(bend_rad: float) -> BodyPose:
    """Return somebody who stands and bends the left elbow."""
    rotations = np.tile(np.eye(3), (22, 1, 1))
    rotations[0] = Rotation.from_euler('x', 90, degrees=True).as_matrix()
    rotations[LEFT_ELBOW] = Rotation.from_rotvec([0.0, -bend_rad, 0.0]).as_matrix()
    return BodyPose(rotations, np.array([0.0, 0.0, 0.93]))


class RetargetBench:
    """A retarget node, a person in front of it, and a robot that is where it is commanded."""

    def __init__(self, **overrides) -> None:
        overrides = {'robot': 'g1', **overrides}
        self.node = RetargetNode(parameter_overrides=[
            Parameter(name.replace('__', '.'), value=value)
            for name, value in overrides.items()])
        self.is_closed = False
        self.warnings: list[str] = []
        logger = self.node.get_logger()
        self.node.get_logger = lambda: self
        self.info = logger.info
        self.error = self.warnings.append
        self.warning = self.warnings.append
        self.other = rclpy.create_node('other')
        self.body = self.other.create_publisher(
            JointState, 'avatar_node/joint_states', JOINT_STATES)
        self.robot_state = self.other.create_publisher(JointState, 'joint_states', JOINT_STATES)
        self.shown: list[JointState] = []
        self.commands: list[JointTrajectory] = []
        self.values: list[Float64MultiArray] = []
        for kind, topic, store in (
                (JointState, 'joint_states', self.shown),
                (JointTrajectory, 'joint_trajectory', self.commands),
                (Float64MultiArray, 'commands', self.values)):
            self.other.create_subscription(
                kind, f'retarget_node/{topic}', store.append, JOINT_STATES)
        self.engage = self.other.create_client(SetBool, 'retarget_node/engage')
        self.stop = self.other.create_client(Trigger, 'retarget_node/stop')
        self.reset = self.other.create_client(Trigger, 'retarget_node/reset')
        self.encoder = JointStateEncoder()
        self.joints: dict[str, float] = {}
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.executor.add_node(self.other)

    def start(self) -> RetargetBench:
        assert self.node.start(), self.warnings
        assert self.until(lambda: self.body.get_subscription_count() == 1
                          and all(
                              each.service_is_ready()
                              for each in (self.engage, self.stop, self.reset)))
        return self

    def until(self, condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self.executor.spin_once(timeout_sec=0.005)
        return condition()

    def message(self, bend_rad: float) -> JointState:
        return joint_state_message(
            person(bend_rad), self.other.get_clock().now().nanoseconds, 'odom', self.encoder)

    def run(
        self, seconds: float, bend_rad: Callable[[float], float] | None = lambda _: 0.6,
        is_measured: bool = True,
    ) -> None:
        """Send bodies and measured joints at 60 Hz; `bend_rad` None sends no body."""
        start_s = time.monotonic()
        due_s = start_s
        while due_s < start_s + seconds:
            self.until(lambda: time.monotonic() >= due_s)
            due_s += PERIOD_S
            if is_measured:
                self.measure()
            if bend_rad is not None:
                self.body.publish(self.message(bend_rad(due_s - start_s)))

    def measure(self) -> None:
        if self.commands:
            last = self.commands[-1]
            self.joints.update(zip(last.joint_names, last.points[0].positions))
        if self.joints:
            self.robot_state.publish(JointState(
                name=list(self.joints), position=list(self.joints.values())))

    def stand(self) -> None:
        """Let the robot measure zero everywhere."""
        self.run(0.3, is_measured=False)
        self.joints = dict.fromkeys(self.shown[-1].name, 0.0)
        self.run(0.2)

    def call(self, client, request):
        future = client.call_async(request)
        assert self.until(future.done)
        return future.result()

    def positions(self) -> np.ndarray:
        return np.array([command.points[0].positions for command in self.commands])

    def close(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        self.node.close()
        self.other.destroy_node()
        self.executor.shutdown()
