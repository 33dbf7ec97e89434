# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of sim_robot_node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from typing import Any

from motion_avatar_ros.retarget.simulation_model import Base, SimulationSettings
from motion_avatar_ros.ros.parameters import Parameter, ParameterError

_NONE = ['']
_USUAL = SimulationSettings()

SIM_ROBOT_PARAMETERS = (
    Parameter('robot', 'g1', 'URDF file, or an example (g1 talos romeo icub)'),
    Parameter('base', Base.FIXED.value,
              'fixed holds it in the air; free puts it on a floor, where only the stiffness of '
              'its joints keeps it from falling', choices=tuple(base.value for base in Base)),
    Parameter('start_pose', _NONE,
              "where joints are at the start, such as 'left_elbow_joint=0.5' [rad]; the others "
              'are at zero'),
    Parameter('trajectory_topic', 'retarget_node/joint_trajectory',
              'of JointTrajectory commands, taken as a joint_trajectory_controller does'),
    Parameter('position_topic', 'retarget_node/commands',
              'of Float64MultiArray commands, taken as a forward_command_controller does'),
    Parameter('position_names', _NONE,
              "the joints of these, in their order; one empty name for all in the robot's order"),
    Parameter('interpolate_from_desired_state', True,
              'trajectories begin at the last target, not at the measured joints: the parameter '
              'of that name of a joint_trajectory_controller, which has false by default'),
    Parameter('joint_states_topic', 'joint_states', 'of the measured JointState'),
    Parameter('rate_hz', 100.0, 'of the measured joint states', 10.0, 500.0),
    Parameter('delay_s', 0.0, 'commands come into force so much after they came', 0.0, 2.0),
    Parameter('gains.stiffness_hz', _USUAL.stiffness_hz,
              'at which a joint would swing, undamped, with all that hangs on it', 0.5, 30.0),
    Parameter('gains.damping_ratio', _USUAL.damping_ratio, '1 comes to rest without swinging',
              0.1, 5.0),
    Parameter('gains.effort_rad', _USUAL.effort_rad,
              'joints are so stiff, at least, that an error of this gives their whole effort',
              0.03, 10.0),
    Parameter('effort_scale', _USUAL.effort_scale,
              "motors are so much stronger than the URDF's effort limits", 0.01, 100.0),
)


def simulation_settings(values: Mapping[str, Any]) -> SimulationSettings:
    """Return how the robot is simulated."""
    return SimulationSettings(
        Base(values['base']), values['gains.stiffness_hz'], values['gains.damping_ratio'],
        values['gains.effort_rad'], values['effort_scale'])


def position_names(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the joints of Float64MultiArray commands; none for all."""
    names: Sequence[str] = values['position_names']
    return () if list(names) == _NONE else tuple(names)


def start_pose(values: Mapping[str, Any]) -> dict[str, float]:
    """
    Return the angles [rad] of the joints that do not start at zero.

    Raises:
        ParameterError: an entry is no NAME=RADIANS.
    """
    pose = {}
    for entry in values['start_pose']:
        if not entry:
            continue
        name, _, text = entry.partition('=')
        try:
            angle = float(text)
        except ValueError:
            angle = math.nan
        if not math.isfinite(angle):
            raise ParameterError(
                f"parameter 'start_pose': '{entry}'; allowed: NAME=RADIANS, such as "
                'left_elbow_joint=0.5')
        pose[name.strip()] = angle
    return pose
