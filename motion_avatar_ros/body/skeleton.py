# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The SMPL 22-joint skeleton: names, tree and rest offsets of the neutral mean body."""

from __future__ import annotations

import numpy as np

JOINT_NAMES = (
    'pelvis', 'left_hip', 'right_hip', 'spine1', 'left_knee', 'right_knee', 'spine2',
    'left_ankle', 'right_ankle', 'spine3', 'left_foot', 'right_foot', 'neck', 'left_collar',
    'right_collar', 'head', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
    'left_wrist', 'right_wrist',
)
JOINT_COUNT = len(JOINT_NAMES)
JOINT_INDEX = {name: index for index, name in enumerate(JOINT_NAMES)}
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)

#: The joint on the other side of the body, by joint; joints on the midline map to themselves.
MIRRORED_JOINT = tuple(
    JOINT_INDEX[
        name.replace('left', 'LEFT').replace('right', 'left').replace('LEFT', 'right')
    ]
    for name in JOINT_NAMES
)

#: Rest offsets parent to joint, (22, 3) [m], SMPL axes (x left, y up, z forward): published
#: rounded numbers of the neutral mean body; the pelvis has none.
REST_OFFSETS_M = np.array([
    [0.0, 0.0, 0.0],
    [0.0695, -0.0914, -0.0068],
    [-0.0677, -0.0905, -0.0043],
    [-0.0025, 0.109, -0.0267],
    [0.0343, -0.3752, -0.0045],
    [-0.0383, -0.3826, -0.0089],
    [0.0055, 0.1352, 0.0011],
    [-0.0136, -0.398, -0.0437],
    [0.0158, -0.3984, -0.0423],
    [0.0015, 0.0529, 0.0254],
    [0.0264, -0.0558, 0.1193],
    [-0.0254, -0.0481, 0.1233],
    [-0.0028, 0.2139, -0.0429],
    [0.0788, 0.1217, -0.0341],
    [-0.0818, 0.1188, -0.0386],
    [0.0052, 0.065, 0.0513],
    [0.091, 0.0305, -0.0089],
    [-0.096, 0.0326, -0.0091],
    [0.2596, -0.0128, -0.0275],
    [-0.2537, -0.0133, -0.0214],
    [0.2492, 0.009, -0.0012],
    [-0.2553, 0.0078, -0.0056],
])
REST_OFFSETS_M.setflags(write=False)

#: Rest position of the pelvis joint in an SMPL model file's own frame [m]: AMASS `trans` plus
#: this is the pelvis joint's position in the world.
SMPL_PELVIS_M = np.array([-0.0018, -0.2233, 0.0282])
SMPL_PELVIS_M.setflags(write=False)

PELVIS = JOINT_INDEX['pelvis']
HEAD = JOINT_INDEX['head']
LEFT_WRIST = JOINT_INDEX['left_wrist']
RIGHT_WRIST = JOINT_INDEX['right_wrist']
LEFT_FOOT = JOINT_INDEX['left_foot']
RIGHT_FOOT = JOINT_INDEX['right_foot']

#: Joints the three obligatory trackers stand for, in the order of every sparse observation.
TRACKED_JOINTS = (HEAD, LEFT_WRIST, RIGHT_WRIST)

#: The metrics' halves of the body (AGRoL's): the root belongs to the lower one.
LOWER_JOINTS = (0, 1, 2, 4, 5, 7, 8, 10, 11)
UPPER_JOINTS = tuple(j for j in range(JOINT_COUNT) if j not in LOWER_JOINTS)
