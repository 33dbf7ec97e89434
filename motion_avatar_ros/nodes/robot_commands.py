# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What retarget_node commands: the gate, the last wall, and behind it the command topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from motion_avatar_ros.safety.body_stream import LONGEST_FRAME_S
from motion_avatar_ros.safety.command_wall import CommandWall
from motion_avatar_ros.safety.engage_gate import EngageGate, GateSettings
from motion_avatar_ros.safety.measured_joints import EngageError

#: Message and topic of each command interface.
COMMAND_TOPICS = {
    TRAJECTORY: (JointTrajectory, '~/joint_trajectory'),
    FORWARD: (Float64MultiArray, '~/commands'),
}
_USUAL_FRAME_S = 0.02


class RobotCommands:
    """Commands the joints of one robot, once engaged; all times are steady [s]."""

    def __init__(
        self, retargeter: Retargeter, values: Mapping[str, Any],
        publish: Callable[[Any], Any] | None, say: Callable[[str], Any],
    ) -> None:
        """
        Prepare, disengaged.

        Args:
            retargeter: of the robot.
            values: of RETARGET_PARAMETERS.
            publish: sends a message of the command topic; None commands nothing.
            say: logs a line.

        Raises:
            ParameterError: joints that may not be commanded are asked for.
        """
        #: Numbers of the commanded joints, in the controller's order.
        self.joints = np.array(commanded_joints(retargeter, values), dtype=int)
        robot, limits = retargeter.robot, retargeter.limits
        self._names = [robot.joints[number].name for number in self.joints]
        self._publish = publish
        self._values = values
        self._say = say
        self._commanded_s: float | None = None
        self._target: np.ndarray | None = None
        self._said = ''
        joint_limits = JointLimits(
            limits.lower[self.joints], limits.upper[self.joints],
            np.minimum([robot.joints[number].velocity for number in self.joints],
                       values['command.max_velocity_rad_s']),
            np.full(len(self.joints), values['command.max_acceleration_rad_s2']))
        self.gate = EngageGate(
            self._names, joint_limits,
            GateSettings(
                approach_rad_s=values['engage.approach_rad_s'],
                approach_s=values['engage.approach_s'], resume_s=values['engage.resume_s'],
                match_rad=values['engage.match_rad'], hold_s=values['engage.hold_s'],
                state_hold_s=values['engage.state_hold_s'],
                state_timeout_s=values['engage.state_timeout_s'],
                max_deviation_rad=values['engage.max_deviation_rad']),
            self._limbs(retargeter))
        self.wall = CommandWall(self._names, joint_limits)

    def measure(self, message: JointState, now_s: float) -> None:
        """Take joint states of the robot, of all joints or of some."""
        self.gate.measured.take(measured_joints(message, self._names), now_s)

    def mismatch(self, now_s: float) -> dict[str, float]:
        """Return how far [rad] each limb is from the operator's; {} while that is unknown."""
        return self.gate.mismatch(self._target, now_s)

    def send(self, target: np.ndarray | None, now_s: float, why_none: str = '') -> None:
        """Pass the operator's joints (J,) [rad], or why there are none, through the gate."""
        self._target = target
        if self._publish is None:
            return
        before_s = now_s - _USUAL_FRAME_S if self._commanded_s is None else self._commanded_s
        dt_s = min(max(now_s - before_s, 1e-3), LONGEST_FRAME_S)
        joints = self.gate.command(target, dt_s, now_s, why_none or 'no body to follow')
        if joints is None:
            self._commanded_s = None
        else:
            self._commanded_s = now_s
            self._put_out(self.wall.passed(joints, dt_s))
            if not self.wall.is_trusting:
                self.gate.disengage(f'{self.wall.last_anomaly}: nothing is sent any more')
        self.say()

    def answer_engage(
        self, request: SetBool.Request, response: SetBool.Response, now_s: float
    ) -> SetBool.Response:
        """Engage or disengage, and say how it is then."""
        if not request.data:
            self.gate.disengage()
            self._commanded_s = None
        elif self._publish is None:
            response.message = 'command.interface is none: there is nothing to engage'
            return response
        else:
            try:
                begin = self.gate.engage(self._target, now_s)
            except EngageError as error:
                response.message = str(error)
                return response
            if begin is not None:
                self.wall.begin(begin)
        response.success = True
        response.message = self.say()
        return response

    def answer_stop(self, response: Trigger.Response) -> Trigger.Response:
        """Stop, and say how to go on."""
        self.gate.stop()
        self._commanded_s = None
        self.say()
        response.success = True
        response.message = 'stopped; reset, then engage to go on'
        return response

    def answer_reset(self, response: Trigger.Response) -> Trigger.Response:
        """Leave a stop."""
        self.gate.reset()
        response.success = True
        response.message = self.say()
        return response

    def leave(self) -> None:
        """Disengage because the node is deactivated; a stop stays."""
        self._commanded_s = None
        self.gate.disengage('the node was deactivated')

    def say(self) -> str:
        """Log the gate's state where it changed, and return it in one line."""
        line = f'{self.gate.state.value}: {self.gate.reason}'
        if line != self._said:
            self._said = line
            self._say(line)
        return line

    def _put_out(self, joints: np.ndarray) -> None:
        """Publish what has passed the wall: nothing else publishes commands."""
        assert self._publish is not None
        if self._values['command.interface'] == FORWARD:
            self._publish(forward_command(joints))
        else:
            self._publish(trajectory(
                self._names, joints, self._values['command.time_from_start_s']))

    def _limbs(self, retargeter: Retargeter) -> dict[str, list[int]]:
        """Return the places of the commanded joints by limb; what is of none is the trunk's."""
        place_of = {number: place for place, number in enumerate(self.joints.tolist())}
        limbs = {
            name.replace('_', ' '): [
                place_of.pop(number) for number in limb.joints if number in place_of]
            for name, limb in retargeter.plan.limbs.items()}
        return {**limbs, 'trunk': list(place_of.values())}
