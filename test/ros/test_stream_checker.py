# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The checker must see what is wrong with a stream: order, gaps, garbage, error to the truth."""

from __future__ import annotations

from collections.abc import Iterator
import time

import numpy as np
import pytest
import rclpy
from rclpy.node import Node
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.joint_state import JointStateEncoder
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX
from motion_avatar_ros.ros.body_messages import joint_state_message
from motion_avatar_ros.ros.qos import JOINT_STATES
from motion_avatar_ros.ros.stream_checker import StreamChecker

PERIOD_NS = 16_666_667


class Stream:
    """Publishes poses and truth to a checker of the same process."""

    def __init__(self) -> None:
        rclpy.init()
        self.node = Node('stream')
        self.checker = StreamChecker(self.node, 'body', 'truth')
        self._publishers = {
            topic: self.node.create_publisher(JointState, topic, JOINT_STATES)
            for topic in ('body', 'truth')}
        self.start_ns = self.node.get_clock().now().nanoseconds

    def send(
        self, topic: str, frame: int, knee_rad: float = 0.0, x_m: float = 0.0,
        is_read: bool = True,
    ) -> JointState:
        axis_angles = np.zeros((JOINT_COUNT, 3))
        axis_angles[JOINT_INDEX['left_knee'], 0] = knee_rad
        pose = BodyPose(matrix_from_axis_angle(axis_angles), np.array([x_m, 0.0, 0.9]))
        message = joint_state_message(
            pose, self.start_ns + frame * PERIOD_NS, 'odom', JointStateEncoder())
        self._publishers[topic].publish(message)
        if is_read:
            self.spin()
        return message

    def publish(self, message: JointState) -> None:
        self._publishers['body'].publish(message)
        self.spin()

    def spin(self) -> None:
        deadline_s = time.monotonic() + 0.02
        while time.monotonic() < deadline_s:
            rclpy.spin_once(self.node, timeout_sec=0.002)


@pytest.fixture
def stream(ros_domain) -> Iterator[Stream]:
    stream = Stream()
    yield stream
    stream.node.destroy_node()
    rclpy.try_shutdown()


def test_error_to_the_truth_at_the_same_stamp(stream):
    for frame in range(5):
        stream.send('truth', frame)
        stream.send('body', frame, x_m=0.03)
    report = stream.checker.report()
    assert report.poses == 5
    assert report.mpjpe_cm == pytest.approx(3.0)
    assert report.hand_distance_cm == pytest.approx(3.0)
    assert report.unmatched == 0


def test_poses_with_stamps_of_no_input_are_counted(stream):
    for frame in (0, 2, 4):
        stream.send('truth', frame)
    for frame in range(5):
        stream.send('body', frame)
    report = stream.checker.report()
    assert report.unmatched == 2
    assert report.mpjpe_cm == pytest.approx(0.0, abs=1e-9)


def test_order_jumps_and_garbage_are_seen(stream):
    for frame, knee_rad in ((0, 0.0), (1, 0.1), (3, 0.1), (2, 0.6), (2, 0.6)):
        message = stream.send('body', frame, knee_rad)
    message.position[10] = float('nan')
    stream.publish(message)
    stream.publish(JointState(name=['elbow'], position=[0.0]))
    report = stream.checker.report()
    assert (report.poses, report.invalid, report.out_of_order, report.lost) == (5, 2, 2, 0)
    assert report.max_step_deg == pytest.approx(np.rad2deg(0.5))


def test_poses_lost_to_a_busy_consumer_are_counted_and_are_no_jump(stream):
    stream.send('body', 0)
    for frame in range(1, 31):  # more than the queue holds
        stream.send('body', frame, knee_rad=0.05 * frame, x_m=0.01 * frame, is_read=False)
    stream.spin()
    report = stream.checker.report()
    assert (report.poses, report.lost) == (11, 20)
    assert report.max_step_deg == pytest.approx(np.rad2deg(0.05))
    assert report.max_root_step_m == pytest.approx(0.01)


def test_a_jump_after_a_pause_is_one_step_and_so_is_one_past_garbage(stream):
    stream.send('body', 0)
    stream.send('body', 90, knee_rad=0.4)
    stream.publish(JointState(name=['elbow'], position=[0.0]))
    stream.send('body', 91, knee_rad=1.0)
    report = stream.checker.report()
    assert (report.invalid, report.lost) == (1, 0)
    assert report.max_step_deg == pytest.approx(np.rad2deg(0.6))


def test_latency_counts_from_the_stamp_and_rate_from_reception(stream):
    stream.start_ns -= 200_000_000
    for frame in range(10):
        stream.send('body', frame)
    report = stream.checker.report()
    assert 150.0 < report.latency_p50_ms < 400.0
    assert 5.0 < report.output_rate_hz < 60.0


def test_nothing_received_is_reported_as_nothing(stream):
    report = stream.checker.report()
    assert (report.poses, report.output_rate_hz) == (0, 0.0)
    assert report.latency_p99_ms is None
    assert report.mpjpe_cm is None
