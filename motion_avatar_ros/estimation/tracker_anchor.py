# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What is tracked is where it is tracked.

A network's hands are centimetres beside the controllers. Here the head turns as it was observed,
hands and feet are put where theirs were by the limbs' inverse kinematics, and the pelvis turns
and swings under the head towards its own. When a tracker is lost or comes back, its correction
fades (`fading_offsets`). The rest of the body stays the network's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motion_avatar_ros.body.limb_ik import LIMBS, reach, shortest_arc
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    apply, axis_angle_from_matrix, matrix_from_axis_angle, transpose,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_INDEX, PELVIS, REST_OFFSETS_M
from motion_avatar_ros.estimation.estimated_poses import joints_under_head, placed_under_head
from motion_avatar_ros.estimation.fading_offsets import FadingOffsets

_CHANNELS = 7  # of an offset: rotation vector, displacement, and 1, which fades with them
_NECK, _SPINE = JOINT_INDEX['neck'], JOINT_INDEX['spine1']
_HIPS = JOINT_INDEX['left_hip'], JOINT_INDEX['right_hip']
#: Tracked joint of a limb; a foot is tracked at its ball, beyond the ankle that the leg moves.
_TRACKED = {
    name: JOINT_INDEX[name] if name.endswith('foot') else LIMBS[name][-1] for name in LIMBS}


class TrackerAnchor:
    """Corrects estimated poses of S streams by the trackers they were estimated from."""

    def __init__(self, tracker_names: Sequence[str], streams: int, rate_hz: float) -> None:
        """
        Prepare.

        Args:
            tracker_names: N trackers, the head first.
            streams: S.
            rate_hz: frames per second.
        """
        self._limbs = [name for name in tracker_names if name in LIMBS]
        self._slots = [tracker_names.index(name) for name in self._limbs]
        self._limb_offsets = FadingOffsets(streams, len(self._limbs), _CHANNELS, rate_hz)
        self._pelvis_slot = (
            tracker_names.index('pelvis') if 'pelvis' in tracker_names else None)
        self._pelvis_offset = FadingOffsets(streams, 1, _CHANNELS, rate_hz)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._limb_offsets.reset(stream)
        self._pelvis_offset.reset(stream)

    def anchored(
        self, local_rotations: np.ndarray, rotations: np.ndarray, positions: np.ndarray
    ) -> BodyPose:
        """
        Correct the next T frames.

        Args:
            local_rotations: (S, T, 22, 3, 3) estimated, the root's in the world.
            rotations: (S, T, N, 3, 3) of the trackers in the world, SMPL body axes; NaN where one
                is absent.
            positions: (S, T, N, 3) [m] in the world.
        """
        corrected = local_rotations.copy()
        for frame in range(local_rotations.shape[1]):
            self._correct(corrected[:, frame], rotations[:, frame], positions[:, frame])
        return placed_under_head(corrected, positions[:, :, 0])

    def _correct(
        self, local: np.ndarray, rotations: np.ndarray, positions: np.ndarray
    ) -> None:
        """Correct one frame, (S, 22, 3, 3), in place."""
        _, joint_rotations, joint_positions = joints_under_head(local, positions[:, 0])
        if self._pelvis_slot is not None:
            self._correct_pelvis(
                local, joint_rotations, joint_positions,
                rotations[:, [self._pelvis_slot]], positions[:, [self._pelvis_slot]])
            _, joint_rotations, joint_positions = joints_under_head(local, positions[:, 0])
        local[:, HEAD] = transpose(joint_rotations[:, _NECK]) @ rotations[:, 0]
        if self._limbs:
            self._correct_limbs(
                local, joint_rotations, joint_positions, rotations[:, self._slots],
                positions[:, self._slots])

    def _correct_pelvis(
        self, local: np.ndarray, joint_rotations: np.ndarray, joint_positions: np.ndarray,
        rotations: np.ndarray, positions: np.ndarray,
    ) -> None:
        turned, moved, _ = _targets(
            self._pelvis_offset, joint_rotations[:, [PELVIS]], joint_positions[:, [PELVIS]],
            rotations, positions)
        head = joint_positions[:, HEAD]
        swing = shortest_arc(joint_positions[:, PELVIS] - head, moved[:, 0] - head)
        local[:, _SPINE] = transpose(turned[:, 0]) @ swing @ joint_rotations[:, _SPINE]
        local[:, PELVIS] = turned[:, 0]
        for hip in _HIPS:  # the legs go on pointing where they pointed
            local[:, hip] = transpose(turned[:, 0]) @ joint_rotations[:, hip]

    def _correct_limbs(
        self, local: np.ndarray, joint_rotations: np.ndarray, joint_positions: np.ndarray,
        rotations: np.ndarray, positions: np.ndarray,
    ) -> None:
        tracked = [_TRACKED[name] for name in self._limbs]
        turned, moved, weights = _targets(
            self._limb_offsets, joint_rotations[:, tracked], joint_positions[:, tracked],
            rotations, positions)
        ends = [LIMBS[name][-1] for name in self._limbs]
        for limb, (joint, end) in enumerate(zip(tracked, ends, strict=True)):
            if joint != end:  # the ball of a foot: the ankle follows from how the toes bend
                turned[:, limb] = turned[:, limb] @ transpose(local[:, joint])
                moved[:, limb] -= apply(turned[:, limb], REST_OFFSETS_M[joint])
        upper, lower = reach(
            self._limbs, joint_rotations, joint_positions, moved, weights)
        for limb, name in enumerate(self._limbs):
            base, root, middle, end = LIMBS[name]
            local[:, root] = transpose(joint_rotations[:, base]) @ upper[:, limb]
            local[:, middle] = transpose(upper[:, limb]) @ lower[:, limb]
            local[:, end] = transpose(lower[:, limb]) @ turned[:, limb]


def _targets(
    offsets: FadingOffsets, joint_rotations: np.ndarray, joint_positions: np.ndarray,
    rotations: np.ndarray, positions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Return where K joints shall be.

    Rotations (S, K, 3, 3), positions (S, K, 3) [m], and how far they are corrected (S, K), 0..1.
    """
    is_there = ~np.isnan(positions[..., 0])
    known = np.where(is_there[..., None, None], rotations, joint_rotations)
    turn = axis_angle_from_matrix(known @ transpose(joint_rotations), is_orthonormal=True)
    applied = offsets.next(np.concatenate((
        turn, positions - joint_positions, np.ones_like(positions[..., :1])), axis=-1), is_there)
    return (matrix_from_axis_angle(applied[..., :3]) @ joint_rotations,
            joint_positions + applied[..., 3:6], applied[..., 6])
