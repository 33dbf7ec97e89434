# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The 69-value coding of a whole pose as one JointState.

Each joint is a chain of three revolute joints about REP-103 body axes; the order of the chain
is chosen per joint so that the middle axis, where gimbal lock sits, is the one that bends
least. The avatar's URDF has exactly these chains, so robot_state_publisher turns the message
into TF. Consumers decode to rotations before they filter, interpolate or compare.
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.axes import ros_local_rotations, smpl_local_rotations
from motion_avatar_ros.body.euler import euler_from_matrix, matrix_from_euler
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_NAMES
from motion_avatar_ros.errors import MotionAvatarError

#: Axes of each joint's chain, first joint of the chain first.
CHAIN_ORDERS = tuple(
    'xzy' if 'shoulder' in name else 'zxy' if 'elbow' in name else 'yxz' for name in JOINT_NAMES)

#: The message's 69 names: root position and angles, then three angles per joint.
JOINT_STATE_NAMES = (
    'root_x', 'root_y', 'root_z', 'root_rx', 'root_ry', 'root_rz',
    *(f'{name}_{axis}' for name in JOINT_NAMES[1:] for axis in 'xyz'),
)

_JOINTS_BY_ORDER = {
    order: [j for j in range(JOINT_COUNT) if CHAIN_ORDERS[j] == order]
    for order in dict.fromkeys(CHAIN_ORDERS)
}
#: Slots of a chain's angles, in chain order, within the x, y, z triple of the message.
_CHAIN_SLOTS = {order: ['xyz'.index(axis) for axis in order] for order in _JOINTS_BY_ORDER}


class JointStateError(MotionAvatarError):
    """A JointState that is no whole body pose."""


class JointStateEncoder:
    """Encodes a stream of poses, each on the branch nearest to the one before."""

    def __init__(self) -> None:
        self._angles = np.zeros((JOINT_COUNT, 3))

    def encode(self, pose: BodyPose) -> np.ndarray:
        """Return the 69 values [m, rad] of one pose, in the order of JOINT_STATE_NAMES."""
        rotations = ros_local_rotations(pose.local_rotations)
        for order, joints in _JOINTS_BY_ORDER.items():
            slots = np.ix_(joints, _CHAIN_SLOTS[order])
            self._angles[slots] = euler_from_matrix(order, rotations[joints], self._angles[slots])
        return np.concatenate((pose.root_position, self._angles.reshape(-1)))


def decode_joint_state(values: np.ndarray) -> BodyPose:
    """Return the pose(s) of (..., 69) values [m, rad] in the order of JOINT_STATE_NAMES."""
    angles = values[..., 3:].reshape(*values.shape[:-1], JOINT_COUNT, 3)
    rotations = np.empty((*angles.shape, 3))
    for order, joints in _JOINTS_BY_ORDER.items():
        chain = angles[..., joints, :][..., _CHAIN_SLOTS[order]]
        rotations[..., joints, :, :] = matrix_from_euler(order, chain)
    return BodyPose(smpl_local_rotations(rotations), values[..., :3].copy())


def ordered_values(names: list[str], positions: list[float]) -> np.ndarray:
    """
    Bring a received JointState's positions into the order of JOINT_STATE_NAMES.

    Raises:
        JointStateError: a name is missing, lengths differ, or a value is not finite.
    """
    values = np.asarray(positions, dtype=float)
    if len(names) != len(values):
        raise JointStateError(f'{len(names)} names but {len(values)} positions')
    if tuple(names) != JOINT_STATE_NAMES:
        slots = {name: slot for slot, name in enumerate(names)}
        missing = [name for name in JOINT_STATE_NAMES if name not in slots]
        if missing:
            raise JointStateError(
                f'no whole body pose: {len(missing)} of {len(JOINT_STATE_NAMES)} names are '
                f"missing, the first is '{missing[0]}'")
        values = values[[slots[name] for name in JOINT_STATE_NAMES]]
    if not np.isfinite(values).all():
        bad = JOINT_STATE_NAMES[int(np.flatnonzero(~np.isfinite(values))[0])]
        raise JointStateError(f"the value of '{bad}' is not finite")
    return values
