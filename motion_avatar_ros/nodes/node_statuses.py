# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What other nodes say of themselves on /diagnostics, as the viewer's page needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
import time

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from motion_avatar_ros.ros.diagnostics import OK
from motion_avatar_ros.ros.qos import DIAGNOSTICS

_SILENCE_S = 2.5    # they speak once a second


@dataclass(frozen=True)
class ToldStatus:
    """
    What a node said last.

    Attributes:
        values: by key.
        doubt: what it warns of, or None.
        told_s: when, by the steady clock [s].
    """

    values: Mapping[str, str] = field(default_factory=dict)
    doubt: str | None = None
    told_s: float = float('-inf')

    @property
    def is_fresh(self) -> bool:
        """Whether it speaks still."""
        return time.monotonic() - self.told_s < _SILENCE_S


class NodeStatuses:
    """Of some nodes by their full names."""

    def __init__(self, node: Node, names: tuple[str, ...]) -> None:
        """Listen."""
        self._told = dict.fromkeys(names, ToldStatus())
        node.create_subscription(DiagnosticArray, '/diagnostics', self.take, DIAGNOSTICS)

    def of(self, name: str) -> ToldStatus:
        """Return what a node said last."""
        return self._told[name]

    def take(self, message: DiagnosticArray) -> None:
        """Take a message with the statuses of any nodes."""
        for status in message.status:
            if status.hardware_id in self._told:
                self._told[status.hardware_id] = ToldStatus(
                    {pair.key: pair.value for pair in status.values},
                    None if status.level == bytes([OK]) else status.message, time.monotonic())
