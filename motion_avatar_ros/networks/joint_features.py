# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Frames by joint: of the numbers of a frame, those that describe each of its 22 joints.

The pelvis has the root's four, its tilt and its velocity; another joint its rotation, position
and velocity, and an ankle or a toe whether it stands. The order of a frame is that of
`generation.motion_features`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX

#: Numbers of a joint; the last one of 12 is empty.
JOINT_WIDTH = 13
#: Numbers of a frame.
FRAME_WIDTH = 269

_ROOT, _TILT, _ROTATIONS, _POSITIONS, _VELOCITIES, _CONTACTS = 0, 4, 10, 136, 199, 265
_STANDING = ('left_ankle', 'left_foot', 'right_ankle', 'right_foot')


def joint_columns() -> list[list[int]]:
    """Return which numbers of a frame describe each joint."""
    columns = [[*range(_ROOT, _ROTATIONS), *range(_VELOCITIES, _VELOCITIES + 3)]]
    for joint in range(1, JOINT_COUNT):
        rotation = _ROTATIONS + 6 * (joint - 1)
        position = _POSITIONS + 3 * (joint - 1)
        velocity = _VELOCITIES + 3 * joint
        columns.append([
            *range(rotation, rotation + 6), *range(position, position + 3),
            *range(velocity, velocity + 3)])
    for number, name in enumerate(_STANDING):
        columns[JOINT_INDEX[name]].append(_CONTACTS + number)
    return columns


class JointFeatures(nn.Module):
    """Takes frames apart into joints, and puts them together; nothing is learnt."""

    def __init__(self) -> None:
        super().__init__()
        columns = joint_columns()
        # A joint of 12 numbers reads the zero behind the frame as its last one.
        taken = torch.full((JOINT_COUNT, JOINT_WIDTH), FRAME_WIDTH)
        given = torch.zeros(FRAME_WIDTH, dtype=torch.long)
        for joint, numbers in enumerate(columns):
            for place, column in enumerate(numbers):
                taken[joint, place] = column
                given[column] = joint * JOINT_WIDTH + place
        self.register_buffer('taken', taken, persistent=False)
        self.register_buffer('given', given, persistent=False)

    def split(self, frames: Tensor) -> Tensor:
        """Return (..., 22, 13) of frames (..., 269)."""
        return nn.functional.pad(frames, (0, 1))[..., self.get_buffer('taken')]

    def joined(self, joints: Tensor) -> Tensor:
        """Return frames (..., 269) of (..., 22, 13)."""
        return joints.flatten(-2)[..., self.get_buffer('given')]
