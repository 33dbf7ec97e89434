# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Linear blend skinning of a body mesh: one matrix product per frame, two with correctives."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.mesh import BodyMesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_COUNT, REST_OFFSETS_M


def skeleton_scale(offsets_m: np.ndarray) -> float:
    """Return how many times larger offsets (22, 3) [m] are than the built-in skeleton's."""
    return float(np.linalg.norm(offsets_m, axis=-1).sum()
                 / np.linalg.norm(REST_OFFSETS_M, axis=-1).sum())


class Skinner:
    """
    Poses one mesh.

    Body parts grow with the skeleton as a whole and are placed at its joints, so offsets that
    are the built-in ones times a number give the mesh times that number.
    """

    def __init__(self, mesh: BodyMesh, offsets_m: np.ndarray = REST_OFFSETS_M) -> None:
        """
        Prepare the constant half of the product.

        Args:
            mesh: to pose.
            offsets_m: (22, 3) of the skeleton to pose, SMPL axes.
        """
        self.mesh = mesh
        self.offsets_m = np.array(offsets_m, dtype=float)
        scale = skeleton_scale(self.offsets_m) / skeleton_scale(mesh.offsets_m)
        # Column block of joint j: weight of j times the vertex seen from joint j, and weight.
        local = scale * (mesh.vertices[:, None, :] - mesh.rest_joints[None])  # (V, 22, 3)
        homogeneous = np.concatenate((local, np.ones((*local.shape[:2], 1))), axis=-1)
        blocks = mesh.dense_weights[..., None] * homogeneous
        #: (V, 88) that half.
        self.blocks = np.ascontiguousarray(
            blocks.reshape(len(mesh.vertices), 4 * JOINT_COUNT), dtype=np.float32)
        self._moves = np.empty((JOINT_COUNT, 4, 3), dtype=np.float32)
        #: (3 V, 189) [m] correctives by entries of bent joints; None where the mesh has none.
        self.blend = None if mesh.pose_blend is None else np.ascontiguousarray(
            scale * mesh.pose_blend.reshape(3 * len(mesh.vertices), -1), dtype=np.float32)

    def skin(self, pose: BodyPose) -> np.ndarray:
        """Return the vertices (V, 3) float64 [m] in the world of one pose."""
        rotations, positions = pose.global_joints(self.offsets_m)
        # Positions relative to the pelvis keep single precision exact far from the origin.
        self._moves[:, :3] = rotations.swapaxes(-1, -2)
        self._moves[:, 3] = positions - positions[0]
        vertices = self.blocks @ self._moves.reshape(4 * JOINT_COUNT, 3)
        if self.blend is not None:
            bent = (pose.local_rotations[1:] - np.eye(3)).ravel().astype(np.float32)
            correctives = (self.blend @ bent).reshape(-1, 1, 3)
            turns = self.mesh.dense_weights @ self._moves[:, :3].reshape(JOINT_COUNT, 9)
            vertices += (correctives @ turns.reshape(-1, 3, 3))[:, 0]
        return vertices + positions[0]
