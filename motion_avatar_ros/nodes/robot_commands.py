# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What retarget_node commands: the gate, its services' answers, and the command topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import time
from typing import Any

import numpy as np
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from motion_avatar_ros.nodes.retarget_parameters import FORWARD, TRAJECTORY, commanded_joints
from motion_avatar_ros.retarget.joint_limits import JointLimits
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.ros.robot_messages import forward_command, measured_joints, trajectory
from motion_avatar_ros.safety.engage_gate import (
    EngageError, EngageGate, EngageState, GateSettings,
)

#: Message and topic of each command interface.
COMMAND_TOPICS = {
    TRAJECTORY: (JointTrajectory, '~/joint_trajectory'),
    FORWARD: (Float64MultiArray, '~/commands'),
}
LONGEST_FRAME_S = 0.1      # a longer pause is no reason to move further in one frame
_USUAL_FRAME_S = 0.02


class RobotCommands:
    """Commands the joints of one robot, once engaged."""

    def __init__(
        self, retargeter: Retargeter, values: Mapping[str, Any], publisher: Any,
        say: Callable[[str], Any],
    ) -> None:
        """
        Prepare, disengaged.

        Args:
            retargeter: of the robot.
            values: of RETARGET_PARAMETERS.
            publisher: of the command topic; None commands nothing.
            say: logs a line.

        Raises:
            ParameterError: joints that may not be commanded are asked for.
        """
        #: Numbers of the commanded joints, in the controller's order.
        self.joints = np.array(commanded_joints(retargeter, values), dtype=int)
        robot, limits = retargeter.robot, retargeter.limits
        self._names = [robot.joints[number].name for number in self.joints]
        self._publisher = publisher
        self._values = values
        self._say = say
        self._commanded_s: float | None = None
        self.gate = EngageGate(
            self._names,
            JointLimits(
                limits.lower[self.joints], limits.upper[self.joints],
                np.minimum([robot.joints[number].velocity for number in self.joints],
                           values['command.max_velocity_rad_s']),
                np.full(len(self.joints), values['command.max_acceleration_rad_s2'])),
            GateSettings(
                approach_rad_s=values['engage.approach_rad_s'],
                approach_s=values['engage.approach_s'], hold_s=values['engage.hold_s'],
                state_timeout_s=values['engage.state_timeout_s'],
                max_deviation_rad=values['engage.max_deviation_rad']))

    def measure(self, message: JointState) -> None:
        """Take joint states of the robot, of all joints or of some."""
        self.gate.measure(measured_joints(message, self._names), time.monotonic())

    def send(self, target: np.ndarray | None, now_s: float) -> None:
        """Pass the operator's joints (J,) [rad], or that there are none, through the gate."""
        if self._publisher is None:
            return
        before_s = now_s - _USUAL_FRAME_S if self._commanded_s is None else self._commanded_s
        dt_s = min(max(now_s - before_s, 1e-3), LONGEST_FRAME_S)
        state = self.gate.state
        joints = self.gate.command(target, dt_s, now_s)
        if self.gate.state is not state:
            self._say(f'{self.gate.state.value}: {self.gate.reason}')
        if joints is None:
            self._commanded_s = None
            return
        self._commanded_s = now_s
        if self._values['command.interface'] == FORWARD:
            self._publisher.publish(forward_command(joints))
        else:
            self._publisher.publish(trajectory(
                self._names, joints, self._values['command.time_from_start_s']))

    def answer_engage(
        self, request: SetBool.Request, response: SetBool.Response, is_body_fresh: bool
    ) -> SetBool.Response:
        """Engage or disengage, and say how it is then."""
        if not request.data:
            self.gate.disengage()
            self._commanded_s = None
        elif self._publisher is None:
            response.message = 'command.interface is none: there is nothing to engage'
            return response
        else:
            try:
                if not is_body_fresh:
                    raise EngageError('there is no body to follow')
                self.gate.engage(time.monotonic())
            except EngageError as error:
                response.message = str(error)
                return response
        response.success = True
        response.message = self.gate.reason
        self._say(f'{self.gate.state.value}: {self.gate.reason}')
        return response

    def answer_stop(self, response: Trigger.Response) -> Trigger.Response:
        """Stop, and say how to go on."""
        self.gate.stop()
        self._commanded_s = None
        response.success = True
        response.message = 'stopped; disengage, then engage to go on'
        self._say(response.message)
        return response

    def leave(self) -> None:
        """Disengage because the node is deactivated; a stop stays."""
        self._commanded_s = None
        if self.gate.state is not EngageState.STOPPED:
            self.gate.disengage('the node was deactivated')
