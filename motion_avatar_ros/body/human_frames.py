# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A body in the frames of REP-155 (ROS4HRI), "Kinematic Model and Coordinate Frames".

`body_<id>` is midway between the hips, x out of the body, z to the head. The others are called as
in that section and hang on it directly. Along a limb runs the -z axis of its frame: straight
down in somebody who stands with the arms hanging.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import transpose
from motion_avatar_ros.body.skeleton import JOINT_INDEX, REST_OFFSETS_M

#: By name: the joint where a frame is, and the one that it turns with; those of the body itself
#: are at its origin.
_LINKS = {
    'waist': (None, 'spine3'), 'torso': ('neck', 'spine3'), 'head': ('head', 'head'),
    **{f'{short}_{link}': (f'{side}_{joint}', f'{side}_{turned}')
       for short, side in (('l', 'left'), ('r', 'right'))
       for link, joint, turned in (
           ('shoulder', 'shoulder', 'shoulder'), ('elbow', 'elbow', 'elbow'),
           ('wrist', 'wrist', 'elbow'), ('hip', 'hip', 'hip'), ('knee', 'knee', 'knee'),
           ('ankle', 'ankle', 'knee'))},
}
#: Names without the id, the body first.
HUMAN_LINKS = ('body', *_LINKS)
_ARMS = ('shoulder', 'elbow', 'wrist')
# From the rest pose, arms to the sides: turned about x so that -z points along the arm.
_HANGING = {'l': np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
            'r': np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])}
_TURNS = np.stack([np.eye(3), *(
    _HANGING[name[0]] if name[2:] in _ARMS else np.eye(3) for name in _LINKS)])
_PLACES = [JOINT_INDEX[joint] if joint else -1 for joint, _ in _LINKS.values()]
_TURNED = [JOINT_INDEX[turned] for _, turned in _LINKS.values()]
_PELVIS = JOINT_INDEX['pelvis']
_HIPS = [JOINT_INDEX['left_hip'], JOINT_INDEX['right_hip']]


def human_frame(link: str, body_id: str) -> str:
    """Return the TF frame of one of HUMAN_LINKS."""
    return f'{link}_{body_id}'


def human_frames(
    pose: BodyPose, offsets_m: np.ndarray = REST_OFFSETS_M
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return where the frames of HUMAN_LINKS are.

    Args:
        pose: one pose, (22, 3, 3) and (3,).
        offsets_m: (22, 3) rest offsets, SMPL axes.

    Returns:
        Rotations (16, 3, 3) and positions (16, 3) [m]: the body's in the world, the others' in
        the body's frame.
    """
    rotations, places = pose.global_joints(offsets_m)
    rotations = ros_global_rotations(rotations)
    origin, body = places[_HIPS].mean(axis=0), rotations[_PELVIS]
    places = np.concatenate((places, origin[None]))     # -1 is the body's own
    turned = np.concatenate((body[None], rotations[_TURNED])) @ _TURNS
    at = np.concatenate((origin[None], (places[_PLACES] - origin) @ body))
    return np.concatenate((body[None], transpose(body) @ turned[1:])), at
