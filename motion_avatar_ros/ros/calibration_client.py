# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Calibration as seen from another node: what avatar_node reports, and how to ask for it."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from motion_avatar_ros.ros.calibration_report import CalibrationReport
from motion_avatar_ros.ros.qos import LATCHED

#: Takes success and message of the answer.
OnAnswer = Callable[[bool, str], None]


class CalibrationClient:
    """Of one avatar_node; for the executor's thread only."""

    def __init__(
        self, node: Node, avatar_node: str,
        on_report: Callable[[CalibrationReport], None] = lambda report: None,
    ) -> None:
        """
        Listen.

        Args:
            node: whose subscription and client these are.
            avatar_node: name of the other node, with its namespace if that differs.
            on_report: takes what it says, the first time as soon as it is heard of.
        """
        self._on_report = on_report
        self._client: Any = node.create_client(Trigger, f'{avatar_node}/calibrate')
        #: Full name of the service.
        self.service: str = node.resolve_service_name(f'{avatar_node}/calibrate')
        self._subscription = node.create_subscription(
            DiagnosticStatus, f'{avatar_node}/calibration', self._on_status, LATCHED)
        #: The newest report, None before the first.
        self.report: CalibrationReport | None = None
        #: When that came, by the steady clock [s].
        self.reported_s = 0.0

    @property
    def is_available(self) -> bool:
        """Whether there is a node that can be asked."""
        return self._client.service_is_ready()

    def ask(self, on_answer: OnAnswer) -> None:
        """Begin a calibration; the answer comes when it has ended."""
        def pass_on(future: Future) -> None:
            if not future.cancelled():
                on_answer(future.result().success, future.result().message)

        self._client.call_async(Trigger.Request()).add_done_callback(pass_on)

    def _on_status(self, status: DiagnosticStatus) -> None:
        report = CalibrationReport.read(
            status.message, {pair.key: pair.value for pair in status.values})
        if report is not None:
            self.report, self.reported_s = report, time.monotonic()
            self._on_report(report)
