# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Many poses at once are what each is by itself."""

from __future__ import annotations

from motion_avatar_ros.body.batch_skinning import BatchSkinner
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import REST_OFFSETS_M
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.body.smpl_file import load_smpl
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_smpl import synthetic_smpl, write_smpl
import torch


def poses(count: int) -> BodyPose:
    rng = np.random.default_rng(0)
    rotations = Rotation.from_rotvec(rng.normal(0.0, 0.4, (count * 22, 3))).as_matrix()
    return BodyPose(rotations.reshape(count, 22, 3, 3), rng.normal(0.0, 20.0, (count, 3)))


@pytest.mark.parametrize('kind', ['built-in', 'correctives'])
def test_many_poses_are_skinned_as_one_by_one_also_far_from_the_origin(tmp_path, kind):
    mesh = load_builtin_mesh() if kind == 'built-in' else load_smpl(
        write_smpl(tmp_path, synthetic_smpl(), '.npz'))
    skinner = Skinner(mesh, 1.1 * REST_OFFSETS_M)
    body = poses(70)    # more than one batch
    vertices = BatchSkinner(skinner).skin(body)
    assert vertices.shape == (70, len(mesh.vertices), 3) and vertices.dtype == torch.float32
    for number in (0, 33, 69):
        np.testing.assert_allclose(vertices[number].numpy(), skinner.skin(body[number]), atol=1e-4)
