# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a robot is engaged and where it is commanded to be, as seen from outside."""

from __future__ import annotations

from collections import deque
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from motion_avatar_ros.ros.qos import JOINT_STATES, LATCHED
from motion_avatar_ros.ros.robot_messages import measured_joints

MAX_FOLLOW_ERROR_DEG = 15.0
_ASK_AGAIN_S = 0.5
_SILENT_S = 1.0         # without a command for so long nobody commands
_MOST_SAMPLES = 20_000
_REJECTED = 'rejected.'


class RobotCheck:
    """Engages a robot, then compares each command with the joints measured when it comes."""

    def __init__(self, node: Node, retarget_name: str, state_topic: str) -> None:
        """Listen to the commands of `retarget_name`, and to the robot's joints."""
        self._states: JointState | None = None
        self._errors_rad: deque[np.ndarray] = deque(maxlen=_MOST_SAMPLES)
        self._commanded_s = self._asked_s = float('-inf')
        self._answer: Any = None
        #: Commands received since it was engaged.
        self.commands = 0
        #: Commands that were rejected before the robot, by the rule that they broke, since the
        #: start; None while nobody tells.
        self.rejected: dict[str, int] | None = None
        #: Whether the robot was engaged once.
        self.was_engaged = False
        #: Why it was not, as its node says.
        self.reason = f'{retarget_name} does not answer'
        self._engage = node.create_client(SetBool, f'/{retarget_name}/engage')
        node.create_subscription(JointState, state_topic, self._on_states, JOINT_STATES)
        node.create_subscription(
            JointTrajectory, f'/{retarget_name}/joint_trajectory', self._on_command, JOINT_STATES)
        node.create_subscription(
            DiagnosticStatus, f'/{retarget_name}/state', self._on_gate, LATCHED)

    def engage(self) -> bool:
        """Ask for it once in a while, until it is done; True then."""
        if self._answer is not None and self._answer.done():
            response, self._answer = self._answer.result(), None
            self.was_engaged = self.was_engaged or response.success
            self.reason = response.message
        now_s = time.monotonic()
        if self._states is None:
            self.reason = "the robot's joint states do not come"
        elif not self.was_engaged and self._answer is None and (
                now_s > self._asked_s + _ASK_AGAIN_S and self._engage.service_is_ready()):
            self._asked_s = now_s
            self._answer = self._engage.call_async(SetBool.Request(data=True))
        return self.was_engaged

    @property
    def is_engaged(self) -> bool:
        """Whether it was engaged, and commands still come."""
        return self.was_engaged and time.monotonic() - self._commanded_s < _SILENT_S

    @property
    def follow_error_deg(self) -> float | None:
        """Median distance of measured joints from their commands, None without commands."""
        if not self._errors_rad:
            return None
        return float(np.rad2deg(np.nanmedian(np.concatenate(self._errors_rad))))

    @property
    def json_values(self) -> dict[str, Any]:
        """Values of --json; None for what is not known."""
        error_deg = self.follow_error_deg
        return {
            'robot_engaged': self.is_engaged,
            'robot_follow_error_deg': None if error_deg is None else round(error_deg, 3),
            'commands': self.commands,
            'commands_rejected': None if self.rejected is None else sum(self.rejected.values())}

    @property
    def problem(self) -> str | None:
        """Why the robot does not follow, in one line, or None when it does."""
        if not self.was_engaged:
            return f'the robot is not engaged: {self.reason}'
        if not self.is_engaged:
            return 'the robot is not commanded any more'
        error_deg = self.follow_error_deg
        if error_deg is None or not error_deg <= MAX_FOLLOW_ERROR_DEG:
            told = 'unknown' if error_deg is None else f'{error_deg:.1f}'
            return (f'the robot is {told} degrees from its commands (median), above '
                    f'{MAX_FOLLOW_ERROR_DEG:g}')
        if self.rejected:
            told = ', '.join(f'{count} by {rule}' for rule, count in self.rejected.items())
            return f'commands were rejected before the robot: {told}'
        return None

    def restart(self) -> None:
        """Measure anew from now on."""
        self._errors_rad.clear()

    def _on_states(self, message: JointState) -> None:
        self._states = message

    def _on_gate(self, status: DiagnosticStatus) -> None:
        self.rejected = {
            pair.key.removeprefix(_REJECTED): int(pair.value) for pair in status.values
            if pair.key.startswith(_REJECTED)}

    def _on_command(self, message: JointTrajectory) -> None:
        self._commanded_s = time.monotonic()
        self.commands += 1
        if self._states is not None and message.points:
            measured = measured_joints(self._states, message.joint_names)
            self._errors_rad.append(np.abs(measured - np.array(message.points[-1].positions)))
