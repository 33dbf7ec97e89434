# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The built-in meshes: a whole person of the right size, and files that are refused."""

from __future__ import annotations

from motion_avatar_ros.body.mesh import (
    MESH_FILES, REST_JOINTS_M, BodyMesh, MeshFileError, load_builtin_mesh, load_mesh, save_mesh,
)
from motion_avatar_ros.body.skeleton import JOINT_INDEX, JOINT_NAMES, MIRRORED_JOINT
from motion_avatar_ros.errors import MotionAvatarError
import numpy as np
import pytest


@pytest.fixture(params=sorted(MESH_FILES))
def mesh(request) -> BodyMesh:
    return load_builtin_mesh(request.param)


def directed_edges(mesh: BodyMesh) -> np.ndarray:
    faces = mesh.faces.astype(np.int64)
    starts, ends = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    return starts * len(mesh.vertices) + ends


def signed_volume(mesh: BodyMesh) -> float:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]].astype(float) for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6.0)


def winding_number(mesh: BodyMesh, point: np.ndarray) -> float:
    """Times the surface goes round a point: 1 inside, 0 outside."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] - point for corner in range(3))
    la, lb, lc = (np.linalg.norm(side, axis=1) for side in (a, b, c))
    volume = (a * np.cross(b, c)).sum(axis=1)
    below = (la * lb * lc + (a * b).sum(axis=1) * lc + (b * c).sum(axis=1) * la
             + (c * a).sum(axis=1) * lb)
    return float(2.0 * np.arctan2(volume, below).sum() / (4.0 * np.pi))


def test_the_surface_is_closed_and_faces_outwards(mesh):
    forward = directed_edges(mesh)
    assert len(np.unique(forward)) == len(forward)
    count = len(mesh.vertices)
    np.testing.assert_array_equal(
        np.sort(forward % count * count + forward // count), np.sort(forward))
    assert 0.04 < signed_volume(mesh) < 0.10  # a person of 40 to 100 litres


def test_every_vertex_is_used_and_no_face_is_degenerate(mesh):
    np.testing.assert_array_equal(np.unique(mesh.faces), np.arange(len(mesh.vertices)))
    assert (np.diff(np.sort(mesh.faces, axis=1), axis=1) > 0).all()


def test_weights_sum_to_one_and_the_heaviest_is_first(mesh):
    np.testing.assert_allclose(mesh.weight_values.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(mesh.dense_weights.sum(axis=1), 1.0, atol=1e-6)
    assert (np.diff(mesh.weight_values, axis=1) <= 1e-6).all()
    assert mesh.weight_joints.shape[1] == 4


def test_the_person_is_of_human_size_and_stands_on_its_feet(mesh):
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    assert 1.6 < high[1] - low[1] < 1.8
    assert 1.6 < high[0] - low[0] < 1.85  # arm span
    for side, sign in (('left', 1.0), ('right', -1.0)):
        foot = mesh.vertices[mesh.vertices[:, 0] * sign > 0.0]
        ankle = REST_JOINTS_M[JOINT_INDEX[f'{side}_ankle']]
        toe = REST_JOINTS_M[JOINT_INDEX[f'{side}_foot']]
        assert foot[:, 1].min() == pytest.approx(-0.94, abs=0.004)
        sole = foot[foot[:, 1] < -0.93]
        assert sole[:, 2].min() < ankle[2] < toe[2] < sole[:, 2].max()  # heel behind, toes ahead


@pytest.mark.parametrize('joint', JOINT_NAMES)
def test_every_joint_lies_inside_the_body(mesh, joint):
    assert winding_number(mesh, REST_JOINTS_M[JOINT_INDEX[joint]]) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize('joint', JOINT_NAMES)
def test_every_joint_moves_the_flesh_around_it_on_its_own_side(mesh, joint):
    index = JOINT_INDEX[joint]
    moved = mesh.vertices[mesh.dense_weights[:, index] > 0.25]
    assert len(moved) > 10
    assert np.linalg.norm(moved - REST_JOINTS_M[index], axis=1).min() < 0.12
    if joint.startswith(('left', 'right')):
        outward = moved[:, 0] * (1.0 if joint.startswith('left') else -1.0)
        assert np.median(outward) > 0.03 and outward.min() > -0.03


def test_left_and_right_carry_about_the_same_weight(mesh):
    shares = mesh.dense_weights.sum(axis=0)
    np.testing.assert_allclose(shares, shares[list(MIRRORED_JOINT)], rtol=0.12)


def test_palms_look_down_and_thumbs_forward(mesh):
    for side in ('left', 'right'):
        hand = mesh.vertices[mesh.vertex_parts == JOINT_INDEX[f'{side}_wrist']]
        wrist = REST_JOINTS_M[JOINT_INDEX[f'{side}_wrist']]
        reach = np.ptp(hand - wrist, axis=0)
        assert reach[0] > 0.15 and reach[2] > 1.3 * reach[1]  # flat, lying in the plane of x, z
        # Of all tips the thumb's is the one farthest forward and nearest to the wrist.
        thumb = hand[hand[:, 2].argmax()]
        assert abs(thumb[0] - wrist[0]) < 0.75 * reach[0]


def test_body_parts_are_whole_faces_of_known_joints(mesh):
    assert mesh.face_parts.shape == (len(mesh.faces),)
    assert set(np.unique(mesh.face_parts)) <= set(range(len(JOINT_NAMES)))
    assert len(np.unique(mesh.vertex_parts)) >= 20


def test_saving_is_lossless_enough_and_gives_the_same_bytes(mesh, tmp_path):
    for name in ('a.npz', 'b.npz'):
        save_mesh(tmp_path / name, mesh)
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()
    again = load_mesh(tmp_path / 'a.npz')
    np.testing.assert_array_equal(again.vertices, mesh.vertices)
    np.testing.assert_array_equal(again.faces, mesh.faces)
    np.testing.assert_allclose(again.weight_values, mesh.weight_values, atol=1e-4)


def test_an_unknown_resolution_is_refused_naming_the_known_ones():
    with pytest.raises(MotionAvatarError, match='coarse, fine'):
        load_builtin_mesh('huge')


def test_a_bad_mesh_file_is_refused_with_the_reason(tmp_path):
    good = load_builtin_mesh()
    arrays = {
        'vertices': good.vertices, 'faces': good.faces, 'weight_joints': good.weight_joints,
        'weight_values': good.weight_values}
    path = tmp_path / 'mesh.npz'
    broken = good.vertices.copy()
    broken[3, 1] = np.nan
    for name, value, said in (
            ('faces', good.faces + 1, 'outside 0 .. 1228'),
            ('faces', good.faces[:, :2], 'faces.shape'),
            ('vertices', broken, 'not finite'),
            ('weight_joints', good.weight_joints + 22, 'outside 0 .. 21'),
            ('weight_values', np.zeros_like(good.weight_values), 'has none'),
            ('weight_values', good.weight_values[:-1], 'weight_values.shape')):
        np.savez(path, **(arrays | {name: value}))
        with pytest.raises(MeshFileError, match=said):
            load_mesh(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(MeshFileError, match='npz'):
        load_mesh(path)
    with pytest.raises(MeshFileError, match='no such file'):
        load_mesh(tmp_path / 'absent.npz')
