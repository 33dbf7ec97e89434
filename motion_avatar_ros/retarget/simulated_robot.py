# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot in a simulation: targets in, step by step, and measured joints out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.simulation_model import (
    STEP_S, SimulationError, SimulationSettings, build, load_mujoco,
)

__all__ = ['MeasuredState', 'STEP_S', 'SimulatedRobot', 'SimulationError', 'SimulationSettings']


@dataclass(frozen=True)
class MeasuredState:
    """
    What the robot's sensors tell of its J joints.

    Attributes:
        positions: (J,) [rad].
        velocities: (J,) [rad/s].
        efforts: (J,) of the motors [N m].
    """

    positions: np.ndarray
    velocities: np.ndarray
    efforts: np.ndarray


class SimulatedRobot:
    """Steps a robot by STEP_S; its joints are in the order of `RobotModel.joints`."""

    def __init__(
        self, robot: RobotModel, settings: SimulationSettings | None = None,
        start_pose: Mapping[str, float] | None = None,
    ) -> None:
        """
        Build, at rest in the start pose.

        Args:
            robot: to simulate.
            settings: how.
            start_pose: angles [rad] by joint; others start at zero or the limit next to it.

        Raises:
            SimulationError: MuJoCo is missing or refuses the robot, or the pose is not its own.
        """
        self._mujoco = load_mujoco()
        self.simulation = build(robot, settings or SimulationSettings())
        self._data = self._mujoco.MjData(self.simulation.model)
        #: Of the joints.
        self.names = tuple(joint.name for joint in robot.joints)
        self.lower, self.upper = (np.array([getattr(joint, end) for joint in robot.joints])
                                  for end in ('lower', 'upper'))
        #: (J,) [rad].
        self.start = self._start(start_pose or {})
        self.restart()

    def restart(self) -> None:
        """Be at rest in the start pose, and stay there until told otherwise."""
        self._mujoco.mj_resetData(self.simulation.model, self._data)
        self._data.qpos[self.simulation.positions] = self.start
        self._data.ctrl[:] = self.start
        self._mujoco.mj_forward(self.simulation.model, self._data)

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""
        return float(self._data.time)

    @property
    def collapses(self) -> int:
        """How often numbers grew beyond all bounds, so that the robot was put to zero."""
        warning = self._mujoco.mjtWarning
        return sum(int(self._data.warning[kind].number) for kind in (
            warning.mjWARN_BADQPOS, warning.mjWARN_BADQVEL, warning.mjWARN_BADQACC))

    @property
    def base_pose(self) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) [m] and rotation (3, 3) of the base, from where it started."""
        if self.simulation.base_position is None:
            return np.zeros(3), np.eye(3)
        position = self._data.qpos[self.simulation.base_position]
        rotation = np.empty(9)
        self._mujoco.mju_quat2Mat(rotation, position[3:])
        return position[:3].copy(), rotation.reshape(3, 3)

    def set_targets(self, targets: np.ndarray) -> None:
        """
        Let motors pull the joints to (J,) [rad], within their limits, from the next step on.

        Raises:
            SimulationError: they are not finite, or not one for each joint.
        """
        if targets.shape != self.start.shape or not np.isfinite(targets).all():
            raise SimulationError(
                f'targets of shape {targets.shape}; allowed: {len(self.names)} finite ones')
        self._data.ctrl[:] = np.clip(targets, self.lower, self.upper)

    def step(self, count: int = 1) -> None:
        """Let STEP_S pass `count` times."""
        self._mujoco.mj_step(self.simulation.model, self._data, count)

    def measured(self) -> MeasuredState:
        """Return how the joints are now."""
        return MeasuredState(
            self._data.qpos[self.simulation.positions],
            self._data.qvel[self.simulation.velocities], self._data.actuator_force.copy())

    def _start(self, pose: Mapping[str, float]) -> np.ndarray:
        start = np.clip(0.0, self.lower, self.upper)
        for name, angle in pose.items():
            if name not in self.names:
                raise SimulationError(
                    f"start pose: '{name}' is no joint of the robot; its joints: "
                    f'{", ".join(self.names)}')
            place = self.names.index(name)
            if not self.lower[place] <= angle <= self.upper[place]:
                raise SimulationError(
                    f"start pose: joint '{name}' at {angle:g} rad; allowed: "
                    f'{self.lower[place]:g} .. {self.upper[place]:g}')
            start[place] = angle
        return start
