# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A simulated robot and its controller, kept at the pace of a steady clock.

What a pause of the process left undone is caught up with, up to MOST_CATCH_UP_S; time beyond
that is left out, as if the robot had stood still, and counted: a slow machine does not fall behind
further and further.
"""

from __future__ import annotations

from motion_avatar_ros.retarget.joint_controller import JointController
from motion_avatar_ros.retarget.simulated_robot import STEP_S, MeasuredState, SimulatedRobot

MOST_CATCH_UP_S = 0.1


class RealTimeSimulation:
    """Steps a robot up to the present; all times are of one steady clock [s]."""

    def __init__(
        self, robot: SimulatedRobot, controller: JointController, now_s: float, late_s: float
    ) -> None:
        """
        Begin now.

        Args:
            robot: to step.
            controller: of its joints.
            now_s: when.
            late_s: a step that is made so long after it was due counts as late.
        """
        self._robot, self._controller = robot, controller
        self._late_s = late_s
        #: To which the robot has been stepped.
        self.time_s = now_s
        #: Steps made, made late, and left out.
        self.steps = self.late_steps = self.lost_steps = 0

    def advance(self, now_s: float) -> MeasuredState:
        """Step up to now, and return how the joints are then."""
        due = max(0, int((now_s - self.time_s) / STEP_S))
        lost = max(0, due - round(MOST_CATCH_UP_S / STEP_S))
        self.lost_steps += lost
        self.time_s += lost * STEP_S
        state = self._robot.measured()
        for _ in range(due - lost):
            self.late_steps += now_s - self.time_s > self._late_s + STEP_S
            self._robot.set_targets(self._controller.target(self.time_s, state.positions))
            self._robot.step()
            self.time_s += STEP_S
            state = self._robot.measured()
        self.steps += due - lost
        return state
