# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The avatar's TF gets the operator's size, whichever node comes up first."""

from __future__ import annotations

from collections.abc import Iterator
import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from motion_avatar_ros.ros.state_publisher import StatePublisherDescription


@pytest.fixture
def executor(ros_domain: int) -> Iterator[SingleThreadedExecutor]:
    rclpy.init()
    executor = SingleThreadedExecutor()
    yield executor
    executor.shutdown()
    rclpy.shutdown()


def state_publisher(executor: SingleThreadedExecutor) -> Node:
    """Return what a robot_state_publisher is to us: a node with that parameter."""
    node = Node('avatar_state_publisher', namespace='left')
    node.declare_parameter('robot_description', 'made at launch')
    executor.add_node(node)
    return node


def described(node: Node) -> str:
    return node.get_parameter('robot_description').value


def spin_until(executor, description, condition, timeout_s=10.0) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline_s:
        description.update()
        executor.spin_once(timeout_sec=0.02)
    return condition()


def test_size_reaches_a_state_publisher_that_comes_later_and_one_that_comes_back(executor):
    avatar = Node('avatar_node', namespace='left')
    executor.add_node(avatar)
    description = StatePublisherDescription(avatar, 'avatar_state_publisher')
    description.set('first')
    for _ in range(5):
        description.update()  # nobody is there: no error, nothing lost
    publisher = state_publisher(executor)
    assert spin_until(executor, description, lambda: described(publisher) == 'first')
    description.set('second')
    assert spin_until(executor, description, lambda: described(publisher) == 'second')
    executor.remove_node(publisher)
    publisher.destroy_node()
    assert spin_until(
        executor, description, lambda: not description._client.service_is_ready())
    description.update()
    publisher = state_publisher(executor)
    assert spin_until(executor, description, lambda: described(publisher) == 'second')
    description.close()
    for node in (publisher, avatar):
        node.destroy_node()
