# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameter table of retarget_node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from motion_avatar_ros.nodes.filter_parameters import FILTER_PARAMETERS
from motion_avatar_ros.nodes.latency_parameters import RETARGET_LATENCY_PARAMETERS
from motion_avatar_ros.retarget.retargeter import (
    MAX_ACCELERATION_RAD_S2, MAX_VELOCITY_RAD_S, Mode, Retargeter,
)
from motion_avatar_ros.ros.parameters import Parameter, ParameterError

UPPER_BODY, WHOLE_BODY = 'upper_body', 'whole_body'
NO_COMMANDS, TRAJECTORY, FORWARD = 'none', 'joint_trajectory', 'forward'
_ALL = ['']

RETARGET_PARAMETERS = (
    Parameter('robot', '',
              'URDF file, or an example (g1 talos romeo icub); empty takes the topic'),
    Parameter('robot_description_topic', 'robot_description',
              "latched topic of the robot's URDF, where `robot` is empty"),
    Parameter('mapping_file', '',
              'which joints are hips, knees ..., as check-robot --write makes it; empty finds'),
    Parameter('body_topic', 'avatar_node/joint_states', 'topic of the body JointState'),
    Parameter('description_topic', 'avatar_node/robot_description',
              "latched topic of the avatar's URDF, for the person's bone lengths"),
    Parameter('robot_state_topic', 'joint_states', "the robot's measured JointState"),
    Parameter('frame_prefix', 'robot/', "prefix of the robot's links on TF"),
    Parameter('publish_tf', True, "put the robot's base link on TF, under the body's frame"),
    Parameter('base_offset_x_m', 0.0,
              'how far the robot is shown beside the person, in their frame', -100.0, 100.0),
    Parameter('base_offset_y_m', 1.0, 'the same, to the left', -100.0, 100.0),
    Parameter('mode', Mode.WHOLE_BODY.value,
              'what moves: fixed_base is for a robot that hangs or is held, upper_body leaves its '
              'legs at rest too; both stand upright at the origin, facing along x',
              choices=tuple(mode.value for mode in Mode)),
    *FILTER_PARAMETERS,
    Parameter('output_rate_hz', 0.0,
              'joint states and commands come at this rate, one input interval late, poses in '
              'between being interpolated; 0: one for each body, at once', 0.0, 1000.0),
    Parameter('stale_after_s', 0.3,
              'without a body for so long commands hold', 0.05, 5.0),
    Parameter('max_age_s', 1.0, 'a body whose stamp is older is refused', 0.05, 60.0),
    Parameter('limits.max_velocity_rad_s', MAX_VELOCITY_RAD_S,
              "of every joint of ~/joint_states, beside the URDF's", 0.01, 100.0),
    Parameter('limits.max_acceleration_rad_s2', MAX_ACCELERATION_RAD_S2,
              'of every joint of ~/joint_states', 0.1, 10000.0),
    Parameter('command.interface', TRAJECTORY,
              'what commands are published as, once engaged: ~/joint_trajectory for a '
              'joint_trajectory_controller, ~/commands for a forward_command_controller',
              choices=(NO_COMMANDS, TRAJECTORY, FORWARD)),
    Parameter('command.joints', UPPER_BODY,
              'whole_body only with a fixed base or in simulation: nothing here keeps balance',
              choices=(UPPER_BODY, WHOLE_BODY)),
    Parameter('command.names', _ALL,
              "the controller's joints, in its order; one empty name for all of command.joints"),
    Parameter('command.topic', '',
              'topic of the commands, such as /arm_controller/joint_trajectory; empty is '
              '~/joint_trajectory or ~/commands'),
    Parameter('command.time_from_start_s', 0.05,
              'time in which a trajectory reaches its point', 0.001, 1.0),
    Parameter('command.max_velocity_rad_s', 4.0, "of every command, beside the URDF's",
              0.01, 100.0),
    Parameter('command.max_acceleration_rad_s2', 40.0, 'of every command', 0.1, 10000.0),
    Parameter('late_after_s', 0.5,
              'bodies whose stamps are older than that move no robot: commands hold', 0.01, 60.0),
    Parameter('engage.match_rad', 0.0,
              'robot and operator must be so near in each joint to engage; 0 engages from any '
              'pose', 0.0, 3.2),
    Parameter('engage.approach_rad_s', 0.5,
              "joints go no faster from the measured to the operator's pose", 0.01, 10.0),
    Parameter('engage.approach_s', 3.0,
              'after so long that limit rises, so that a moving operator is reached', 0.1, 60.0),
    Parameter('engage.resume_s', 1.0,
              'the same after a hold, from the return of the body on', 0.05, 60.0),
    Parameter('engage.hold_s', 10.0,
              'without a body for so long the robot is disengaged', 0.1, 3600.0),
    Parameter('engage.state_hold_s', 0.1,
              "the robot holds while its joint states are older: several of their intervals",
              0.02, 10.0),
    Parameter('engage.state_timeout_s', 0.5,
              "without the robot's joint states for so long it is disengaged", 0.05, 10.0),
    Parameter('engage.max_deviation_rad', 1.0,
              'a measured joint so far from its command for 0.3 s disengages', 0.01, 10.0),
    Parameter('deadman.topic', '',
              'of a button that must be held for the robot to move; empty for none'),
    Parameter('deadman.button', -1,
              "its number in that topic's Joy messages; -1 for a topic of Bool", -1, 255),
    Parameter('deadman.timeout_s', 0.3,
              'without a message for so long it counts as released', 0.02, 10.0),
    *RETARGET_LATENCY_PARAMETERS,
)


def commanded_joints(retargeter: Retargeter, values: Mapping[str, Any]) -> tuple[int, ...]:
    """
    Return the numbers of the joints to command, in the controller's order.

    Raises:
        ParameterError: `command.names` has a joint that the robot lacks, one twice, or a leg's
            without `command.joints: whole_body`.
    """
    names = [joint.name for joint in retargeter.robot.joints]
    plan = retargeter.plan
    legs = {number for limb in ('left_leg', 'right_leg') for number in plan.limbs[limb].joints}
    allowed = [number for number in range(len(names)) if (
        values['command.joints'] == WHOLE_BODY or number not in legs)]
    wanted: Sequence[str] = values['command.names']
    if list(wanted) == _ALL:
        return tuple(allowed)
    for name in wanted:
        if name not in names:
            raise ParameterError(
                f"parameter 'command.names': '{name}' is no joint of the robot; allowed: "
                f'{", ".join(names[number] for number in allowed)}')
        if names.index(name) not in allowed:
            raise ParameterError(
                f"parameter 'command.names': '{name}' is a leg's; set command.joints: "
                f'{WHOLE_BODY}, with a fixed base or in simulation only')
    if len(set(wanted)) != len(wanted):
        raise ParameterError("parameter 'command.names' names a joint twice")
    return tuple(names.index(name) for name in wanted)
