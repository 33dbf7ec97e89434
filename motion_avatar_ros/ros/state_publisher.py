# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the URDF of a robot_state_publisher that shows the avatar at the operator's size."""

from __future__ import annotations

from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future


class StatePublisherDescription:
    """
    Sets `robot_description` of another node whenever that node is there and behind.

    A robot_state_publisher reads its URDF from a parameter, made before the operator is known.
    Nothing waits: `update` is called again and again.
    """

    def __init__(self, node: Node, state_publisher: str) -> None:
        """
        Make the client.

        Args:
            node: in whose executor answers come.
            state_publisher: name of the other node, relative to the namespace of `node`.
        """
        self._node = node
        self._client = node.create_client(SetParameters, f'{state_publisher}/set_parameters')
        self._wanted: str | None = None
        self._sent: str | None = None

    def set(self, description: str) -> None:
        """Take the URDF that the other node is to have."""
        self._wanted = description

    def update(self) -> None:
        """Send what is wanted if the other node has just come up, or has another."""
        if not self._client.service_is_ready():
            self._sent = None
        elif self._wanted is not None and self._sent != self._wanted:
            self._sent = self._wanted
            parameter = Parameter('robot_description', value=self._wanted)
            self._client.call_async(SetParameters.Request(
                parameters=[parameter.to_parameter_msg()])).add_done_callback(self._on_answer)

    def close(self) -> None:
        """Destroy the client."""
        self._node.destroy_client(self._client)

    def _on_answer(self, future: Future) -> None:
        response = future.result()
        if response is not None and not response.results[0].successful:
            self._node.get_logger().warning(
                f'{self._client.srv_name} was refused, so the avatar on /tf keeps its size: '
                f'{response.results[0].reason}')
