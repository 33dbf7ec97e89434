# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What an operator is asked to hold, and what is known of a posture in which it is held.

The T-pose is asked for with level arms, palms down, fingers to the sides; in it and with the
arms down one looks straight ahead. People follow that by eye and by gravity, whatever their
trunk does: what is held is how head and hands are turned in the world, beside where the
operator faces. A posture's distribution is therefore conditioned on those, to first order.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.rotations import matrix_from_axis_angle, transpose
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX, REST_OFFSETS_M
from motion_avatar_ros.trackers.calibration_body import CHAINS
from motion_avatar_ros.trackers.calibration_prior import POSTURE_SIZE, UPPER_BODY

#: How far head and hands of one who is asked are from what is asked for, per axis.
FOLLOWED_STD_RAD = np.radians(4.0)

#: The head that looks straight ahead, as the data's upright heads are put: 5 degrees down.
LEVEL_HEAD = matrix_from_axis_angle(np.radians([5.0, 0.0, 0.0]))

_MIRROR = np.diag([-1.0, 1.0, 1.0])  # of body axes
# A left arm as asked for in the T-pose: hanging by 5 degrees, its hand turned by 8.
_ASKED = matrix_from_axis_angle(np.radians([0.0, 0.0, -5.0])) @ matrix_from_axis_angle(
    np.radians([-8.0, 0.0, 0.0]))
_PELVIS_YAW = 4  # number in a posture: where one faces is not asked for


def level_arm(elbow: np.ndarray, wrist: np.ndarray) -> np.ndarray:
    """
    Return how a left upper arm (3, 3) is turned in the T-pose, in the axes of a level trunk.

    Args:
        elbow, wrist: (3, 3) local rotations that the arm is held with.
    """
    bones = [REST_OFFSETS_M[JOINT_INDEX[f'left_{name}']] for name in ('elbow', 'wrist')]
    along = bones[0] + elbow @ bones[1]
    along /= np.linalg.norm(along)
    # The back of the hand faces up, as far as the arm's direction allows.
    back = (elbow @ wrist)[:, 1]
    back = back - along * (along @ back)
    back /= np.linalg.norm(back)
    arm = np.stack((along, back, np.cross(along, back)), axis=1)
    return _ASKED @ arm.T


def asked_arm(trunk: np.ndarray, hanging: np.ndarray) -> np.ndarray:
    """
    Return local rotations (4, 3, 3) of a left arm in the T-pose: collar, shoulder, elbow, wrist.

    Args:
        trunk: (3, 3) rotation of the chest of a body that faces along x.
        hanging: (4, 3, 3) the hanging arm, which elbow and wrist are taken from.
    """
    shoulder = transpose(trunk) @ ROS_FROM_SMPL @ level_arm(hanging[2], hanging[3])
    return np.stack((np.eye(3), shoulder, hanging[2], hanging[3]))


def asked_hands(elbow: np.ndarray, wrist: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return how 'left' and 'right' hand (3, 3) are turned in the T-pose of one facing along x."""
    left = level_arm(elbow, wrist) @ elbow @ wrist
    return {'left': ROS_FROM_SMPL @ left, 'right': ROS_FROM_SMPL @ _MIRROR @ left @ _MIRROR}


def conditioned(
    covariance: np.ndarray, rotations: np.ndarray, joints: tuple[int, ...]
) -> np.ndarray:
    """
    Return a distribution's covariance (45, 45), given that joints are held as they are on average.

    Args:
        covariance: (45, 45) of postures.
        rotations: (14, 3, 3) their mean, local rotations of UPPER_BODY.
        joints: whose rotation in the world, beside where the pelvis faces, is held, each within
            FOLLOWED_STD_RAD per axis.
    """
    slopes = np.zeros((3 * len(joints), POSTURE_SIZE))
    for number, joint in enumerate(joints):
        beyond = np.eye(3)  # of the chain's rest, from the joint towards the pelvis
        for slot in reversed(CHAINS[UPPER_BODY.index(joint)]):
            slopes[3 * number:3 * number + 3, 3 + 3 * slot:6 + 3 * slot] = beyond.T
            beyond = rotations[slot] @ beyond
    slopes[:, _PELVIS_YAW] = 0.0
    held = slopes @ covariance @ slopes.T + np.eye(len(slopes)) * FOLLOWED_STD_RAD ** 2
    return covariance - covariance @ slopes.T @ np.linalg.solve(held, slopes @ covariance)


#: Joints that are held in each of the steps in which something is.
HELD_JOINTS = {
    't_pose': (HEAD, JOINT_INDEX['left_wrist'], JOINT_INDEX['right_wrist']),
    'arms_down': (HEAD,),
}
