# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The state of a robot's gate on a latched topic, for who has to align with it."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from motion_avatar_ros.nodes.robot_commands import RobotCommands
from motion_avatar_ros.ros.diagnostics import OK, WARN
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode
from motion_avatar_ros.ros.qos import LATCHED
from motion_avatar_ros.ros.rate_cap import RateCap
from motion_avatar_ros.safety.engage_gate import EngageState

_RATE_HZ = 5.0      # of what changes all the time; states are told at once


def gate_values(commands: RobotCommands | None, now_s: float) -> dict[str, Any]:
    """Return state, reason, how far each limb is from the operator's, and what was rejected."""
    if commands is None:
        return {'engage_state': None, 'engage_reason': None}
    gate, wall = commands.gate, commands.wall
    return {
        'engage_state': gate.state.value,
        'engage_reason': gate.reason,
        **{f'mismatch.{limb.replace(" ", "_")}_rad': round(rad, 3)
           for limb, rad in commands.mismatch(now_s).items()},
        **{f'rejected.{rule}': count for rule, count in wall.rejected.items()},
    }


class GateReport:
    """Publishes `~/state` of a managed node."""

    def __init__(self, node: AvatarLifecycleNode) -> None:
        """Make the publisher."""
        self._name = node.get_fully_qualified_name()
        self._cap = RateCap(_RATE_HZ)
        self._told: dict[str, Any] = {}
        self._told_state: tuple[EngageState, str] | None = None
        #: To be destroyed by the node.
        self.publisher: Any = node.create_lifecycle_publisher(
            DiagnosticStatus, '~/state', LATCHED)

    def tell(self, commands: RobotCommands, now_s: float) -> None:
        """Publish what changed: states at once, the rest now and then."""
        state = commands.gate.state, commands.gate.reason
        if state == self._told_state and not self._cap.admits(now_s):
            return
        self._told_state = state
        values = gate_values(commands, now_s)
        if values == self._told:
            return
        self._told = values
        is_good = commands.gate.state not in (EngageState.HOLD, EngageState.STOPPED)
        self.publisher.publish(DiagnosticStatus(
            level=bytes([OK if is_good else WARN]), name=self._name, hardware_id=self._name,
            message=f'{values["engage_state"]}: {values["engage_reason"]}',
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()]))
