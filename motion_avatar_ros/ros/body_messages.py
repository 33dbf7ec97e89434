# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Body poses as ROS messages and back."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped
import numpy as np
from sensor_msgs.msg import JointState

from motion_avatar_ros.body.axes import ros_local_rotations, ros_offsets
from motion_avatar_ros.body.joint_state import (
    JOINT_STATE_NAMES, JointStateEncoder, decode_joint_state, ordered_values,
)
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.human_frames import HUMAN_LINKS, human_frame, human_frames
from motion_avatar_ros.body.rotations import quaternion_from_matrix
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_NAMES, PARENTS, REST_OFFSETS_M

#: Names of ~/confidence: how well the trackers determine each half of the body, 0 .. 1.
CONFIDENCE_NAMES = ('upper_body', 'lower_body')

_NANOSECONDS = 1_000_000_000


def time_message(stamp_ns: int) -> Time:
    """Return nanoseconds as a Time message."""
    sec, nanosec = divmod(int(stamp_ns), _NANOSECONDS)
    return Time(sec=sec, nanosec=nanosec)


def stamp_ns(stamp: Time) -> int:
    """Return a Time message in nanoseconds."""
    return stamp.sec * _NANOSECONDS + stamp.nanosec


def values_message(
    names: Sequence[str], values: np.ndarray, stamp_ns: int, frame_id: str
) -> JointState:
    """Return a JointState of named values."""
    message = JointState()
    message.header.stamp = time_message(stamp_ns)
    message.header.frame_id = frame_id
    message.name = list(names)
    message.position = array('d', np.ascontiguousarray(values, dtype=float).tobytes())
    return message


def joint_state_message(
    pose: BodyPose, stamp_ns: int, frame_id: str, encoder: JointStateEncoder
) -> JointState:
    """
    Return one whole pose as its 69-value JointState.

    Args:
        pose: one pose, (22, 3, 3) and (3,).
        stamp_ns: the time the pose refers to.
        frame_id: frame of the root values.
        encoder: the stream's encoder; it picks the branch nearest to the pose before.
    """
    return values_message(JOINT_STATE_NAMES, encoder.encode(pose), stamp_ns, frame_id)


def pose_from_message(message: JointState) -> BodyPose:
    """
    Decode a body JointState to rotations.

    Raises:
        JointStateError: the message is no whole body pose.
    """
    return decode_joint_state(ordered_values(message.name, message.position))


def link_frame(body_id: str, joint: int) -> str:
    """Return the TF frame of a joint's link."""
    return f'{body_id}/{JOINT_NAMES[joint]}'


def transform_messages(
    pose: BodyPose,
    stamp_ns: int,
    frame_id: str,
    body_id: str,
    offsets_m: np.ndarray = REST_OFFSETS_M,
) -> list[TransformStamped]:
    """
    Return the transforms of all 22 links, REP-103 axes, pelvis under `frame_id`.

    Args:
        pose: one pose, (22, 3, 3) and (3,).
        stamp_ns: the time the pose refers to.
        frame_id: frame of the root.
        body_id: prefix of the links.
        offsets_m: (22, 3) rest offsets, SMPL axes.
    """
    rotations = ros_local_rotations(pose.local_rotations)
    translations_m = ros_offsets(np.asarray(offsets_m))
    translations_m[0] = pose.root_position
    return _transforms(stamp_ns, rotations, translations_m, [
        (link_frame(body_id, PARENTS[joint]) if joint else frame_id, link_frame(body_id, joint))
        for joint in range(JOINT_COUNT)])


def human_transform_messages(
    pose: BodyPose,
    stamp_ns: int,
    frame_id: str,
    body_id: str,
    offsets_m: np.ndarray = REST_OFFSETS_M,
) -> list[TransformStamped]:
    """
    Return the transforms of the frames of REP-155, body_<body_id> under `frame_id`.

    Args:
        pose: one pose, (22, 3, 3) and (3,).
        stamp_ns: the time the pose refers to.
        frame_id: frame of the root.
        body_id: the id that all names end with.
        offsets_m: (22, 3) rest offsets, SMPL axes.
    """
    rotations, places_m = human_frames(pose, offsets_m)
    body, *others = (human_frame(link, body_id) for link in HUMAN_LINKS)
    return _transforms(
        stamp_ns, rotations, places_m, [(frame_id, body), *((body, other) for other in others)])


def _transforms(
    stamp_ns: int, rotations: np.ndarray, places_m: np.ndarray, frames: Sequence[tuple[str, str]],
) -> list[TransformStamped]:
    """Return transforms (N, 3, 3) and (N, 3) between frames, parent and child."""
    time = time_message(stamp_ns)
    messages = []
    for (parent, child), place, quaternion in zip(
            frames, places_m.tolist(), quaternion_from_matrix(rotations).tolist(), strict=True):
        message = TransformStamped()
        message.header.stamp = time
        message.header.frame_id, message.child_frame_id = parent, child
        translation, rotation = message.transform.translation, message.transform.rotation
        translation.x, translation.y, translation.z = place
        rotation.x, rotation.y, rotation.z, rotation.w = quaternion
        messages.append(message)
    return messages
