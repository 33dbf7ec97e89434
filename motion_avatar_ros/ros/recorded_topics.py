# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which topics go into a bag: what an avatar is told, and what it and its robot answer.

Inputs are what the trackers send. Outputs are there to compare with and to measure on; a bag
player never sends them. The robot's measured joint states are neither: robots send them so
often that they would fill a bag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.bag_reader import POSE_TYPE, TF_TYPE, absolute_topic

_JOINT_STATE_TYPE = 'sensor_msgs/msg/JointState'
_STRING_TYPE = 'std_msgs/msg/String'
_MARKER_TYPE = 'visualization_msgs/msg/Marker'
_DIAGNOSTICS = ('/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray')
#: By a command topic's last name, as the controllers of ros2_control call them.
_COMMAND_TYPES = {
    'joint_trajectory': 'trajectory_msgs/msg/JointTrajectory',
    'commands': 'std_msgs/msg/Float64MultiArray',
}


class CommandTopicError(MotionAvatarError):
    """A command topic whose name does not tell its type."""

    def __init__(self, name: str):
        allowed = ' or '.join(f'/{last}' for last in _COMMAND_TYPES)
        super().__init__(
            f"command topic '{name}': its type is unknown; allowed: a name that ends {allowed}")


@dataclass(frozen=True)
class RecordedTopic:
    """
    A topic to record.

    Attributes:
        name: absolute.
        type_name: such as TF_TYPE.
        is_latched: whether to ask for what was sent before.
        is_input: whether trackers come on it as time goes by.
    """

    name: str
    type_name: str
    is_latched: bool = False
    is_input: bool = False


def input_topics(namespace: str, pose_topics: Iterable[str]) -> list[RecordedTopic]:
    """
    Return what one avatar is told.

    Args:
        namespace: of all topics that are not absolute, /tf included; '' for none.
        pose_topics: PoseStamped topics.
    """
    absolute = partial(absolute_topic, namespace)
    return [
        RecordedTopic(absolute('tf'), TF_TYPE, is_input=True),
        RecordedTopic(absolute('tf_static'), TF_TYPE, is_latched=True),
        *(RecordedTopic(name, POSE_TYPE, is_input=True)
          for name in dict.fromkeys(map(absolute, pose_topics))),
    ]


def output_topics(
    namespace: str, avatar_node: str = 'avatar_node', robot_node: str = 'retarget_node',
    command_topics: Iterable[str] = (),
) -> list[RecordedTopic]:
    """
    Return what one avatar and its robot answer, and everybody's diagnostics.

    Args:
        namespace: of all topics that are not absolute; '' for none.
        avatar_node, robot_node: names of the nodes.
        command_topics: of the robot, beside `robot_node`'s own ones.

    Raises:
        CommandTopicError: a command topic's name does not tell its type.
    """
    absolute = partial(absolute_topic, namespace)
    commands = dict.fromkeys(map(absolute, (
        *(f'{robot_node}/{last}' for last in _COMMAND_TYPES), *command_topics)))
    return [
        RecordedTopic(absolute(f'{avatar_node}/joint_states'), _JOINT_STATE_TYPE),
        RecordedTopic(absolute(f'{avatar_node}/confidence'), _JOINT_STATE_TYPE),
        RecordedTopic(
            absolute(f'{avatar_node}/robot_description'), _STRING_TYPE, is_latched=True),
        RecordedTopic(absolute(f'{robot_node}/joint_states'), _JOINT_STATE_TYPE),
        RecordedTopic(
            absolute(f'{robot_node}/robot_description'), _STRING_TYPE, is_latched=True),
        *(RecordedTopic(name, _command_type(name)) for name in commands),
        RecordedTopic(*_DIAGNOSTICS),
    ]


def mesh_topics(namespace: str, mesh_node: str = 'mesh_node') -> list[RecordedTopic]:
    """Return the body's mesh, which takes more room than everything else together."""
    return [RecordedTopic(absolute_topic(namespace, f'{mesh_node}/mesh'), _MARKER_TYPE)]


def message_types(topics: Sequence[RecordedTopic]) -> dict[str, Any]:
    """
    Return the message class of each type by its name.

    Raises:
        MotionAvatarError: /tf is asked for and tf2_msgs is not installed.
    """
    types = {}
    for name in dict.fromkeys(topic.type_name for topic in topics):
        package, _, last = name.split('/')
        try:
            types[name] = getattr(import_module(f'{package}.msg'), last)
        except ImportError as error:
            what = '/tf' if name == TF_TYPE else name
            raise MotionAvatarError(
                f'{what} needs the message package {package}, which is not installed ({error}); '
                "'make setup' builds tf2_msgs where there is a C++ compiler") from None
    return types


def _command_type(name: str) -> str:
    try:
        return _COMMAND_TYPES[name.rpartition('/')[2]]
    except KeyError:
        raise CommandTopicError(name) from None
