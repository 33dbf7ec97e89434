# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The avatar as URDF: exactly the joint chains of the body JointState, no limits on rotations.

The root link is named after the fixed frame (`odom` by default) and has no shape:
robot_state_publisher then hangs the six root joints directly under that frame, which the
JointState's `header.frame_id` names too, and no static transform is needed. All other links
are prefixed `<body_id>/`; the last link of each joint's chain is `<body_id>/<joint>`, with
REP-103 axes (x forward, y left, z up in the rest pose). Do not use `frame_prefix` with it.
"""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL, ros_offsets
from motion_avatar_ros.body.joint_state import CHAIN_ORDERS
from motion_avatar_ros.body.link_shapes import add_link_shapes
from motion_avatar_ros.body.plain_xml import PlainXmlError, parse_plain_xml
from motion_avatar_ros.body.skeleton import (
    JOINT_COUNT, JOINT_NAMES, PARENTS, REST_OFFSETS_M,
)
from motion_avatar_ros.errors import MotionAvatarError

_AXES = {'x': '1 0 0', 'y': '0 1 0', 'z': '0 0 1'}
_LONGEST_M = 10.0    # of an offset: what no body has
_REACH_M = 10000.0  # URDF demands limits of prismatic joints


class AvatarDescriptionError(MotionAvatarError):
    """A robot_description that is not the URDF of an avatar."""


def avatar_urdf(
    body_id: str = 'avatar',
    offsets_m: np.ndarray = REST_OFFSETS_M,
    fixed_frame: str = 'odom',
) -> str:
    """
    Return the URDF of the avatar.

    Args:
        body_id: prefix of the links and name of the robot.
        offsets_m: (22, 3) parent to joint, SMPL axes.
        fixed_frame: name of the root link.
    """
    robot = ElementTree.Element('robot', name=body_id)
    ElementTree.SubElement(robot, 'link', name=fixed_frame)
    parent = fixed_frame
    for axis in 'xyz':
        link = f'{body_id}/root_{axis}'
        ElementTree.SubElement(robot, 'link', name=link)
        joint = _joint(robot, f'root_{axis}', 'prismatic', axis, parent, link)
        ElementTree.SubElement(
            joint, 'limit', lower=f'{-_REACH_M:g}', upper=f'{_REACH_M:g}', effort='0',
            velocity='100')
        parent = link
    offsets_ros = ros_offsets(np.asarray(offsets_m, dtype=float))
    for index, name in enumerate(JOINT_NAMES):
        if index:
            parent = f'{body_id}/{JOINT_NAMES[PARENTS[index]]}'
        stem = f'{name}_' if index else 'root_r'
        for slot, axis in enumerate(CHAIN_ORDERS[index]):
            is_last = slot == 2
            link = f'{body_id}/{name}' if is_last else f'{body_id}/{stem}{axis}'
            element = ElementTree.SubElement(robot, 'link', name=link)
            if is_last:
                add_link_shapes(element, index, offsets_ros)
            joint = _joint(robot, f'{stem}{axis}', 'continuous', axis, parent, link)
            if index and slot == 0:
                xyz = ' '.join(repr(float(value)) for value in offsets_ros[index])
                ElementTree.SubElement(joint, 'origin', xyz=xyz, rpy='0 0 0')
            parent = link
    ElementTree.indent(robot)
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(robot, encoding='unicode') + '\n'


def offsets_from_urdf(urdf: str) -> np.ndarray:
    """
    Read the skeleton's rest offsets (22, 3) [m], SMPL axes, back from an avatar's URDF.

    Raises:
        AvatarDescriptionError: the text is no XML, lacks a joint, or an offset is no number.
    """
    try:
        robot = parse_plain_xml(urdf)
    except PlainXmlError as error:
        raise AvatarDescriptionError(f'robot_description is no XML: {error}') from None
    joints = {joint.get('name'): joint for joint in robot.iter('joint')}
    offsets_ros = np.zeros((JOINT_COUNT, 3))
    for index in range(1, JOINT_COUNT):
        name = f'{JOINT_NAMES[index]}_{CHAIN_ORDERS[index][0]}'
        if name not in joints:
            raise AvatarDescriptionError(
                f"robot_description is no avatar's: it has no joint '{name}'")
        origin = joints[name].find('origin')
        text = '0 0 0' if origin is None else origin.get('xyz', '0 0 0')
        try:
            x, y, z = (float(word) for word in text.split())
            offsets_ros[index] = x, y, z
        except ValueError:
            raise AvatarDescriptionError(
                f"robot_description: the origin of joint '{name}' is '{text}'; "
                'expected three numbers') from None
    if not np.abs(offsets_ros).max() <= _LONGEST_M or not offsets_ros.any():
        raise AvatarDescriptionError(
            f'robot_description: joint origins are zero, not finite, or beyond '
            f'{_LONGEST_M:g} m')
    return offsets_ros @ ROS_FROM_SMPL


def _joint(
    robot: ElementTree.Element, name: str, kind: str, axis: str, parent: str, child: str
) -> ElementTree.Element:
    joint = ElementTree.SubElement(robot, 'joint', name=name, type=kind)
    ElementTree.SubElement(joint, 'parent', link=parent)
    ElementTree.SubElement(joint, 'child', link=child)
    ElementTree.SubElement(joint, 'axis', xyz=_AXES[axis])
    return joint
