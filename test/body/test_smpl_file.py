# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Model files of a user: posed as smplx poses them, and refused when they are something else."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_smpl import BEYOND, VERTICES, synthetic_smpl, write_smpl

from motion_avatar_ros.body.mesh import MeshFileError
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import PARENTS
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.body.smpl_file import load_smpl


def random_pose() -> BodyPose:
    rng = np.random.default_rng(3)
    return BodyPose(
        Rotation.from_rotvec(rng.normal(0.0, 0.5, (22, 3))).as_matrix(), np.array([0.3, 1.0, 0.9]))


def test_it_is_posed_as_smplx_poses_it(tmp_path):
    smplx, torch = pytest.importorskip('smplx'), pytest.importorskip('torch')
    path = write_smpl(tmp_path, synthetic_smpl(vertices=6890), '.pkl')   # smplx names some of them
    betas = np.array([1.5, -2.0, 0.7, 0.0, 0.3, 0.0, 0.0, -1.0, 0.0, 0.5])
    mesh, pose = load_smpl(path, betas), random_pose()
    model = smplx.SMPL(str(path), batch_size=1, create_transl=True)
    vectors = Rotation.from_matrix(pose.local_rotations).as_rotvec()
    body = np.concatenate((vectors[1:], np.zeros((2, 3))))

    def tensor(values: np.ndarray) -> object:
        return torch.tensor(values.reshape(1, -1), dtype=torch.float32)

    result = model(
        betas=tensor(betas), body_pose=tensor(body), global_orient=tensor(vectors[0]))
    expected = result.vertices[0].detach().numpy()
    pelvis = result.joints[0, 0].detach().numpy()
    skinned = Skinner(mesh, mesh.offsets_m).skin(pose)
    np.testing.assert_allclose(
        skinned - pose.root_position, expected - pelvis, atol=1e-4)


@pytest.mark.parametrize('kind', ['smpl', 'smplh', 'smplx'])
@pytest.mark.parametrize('suffix', ['.npz', '.pkl'])
def test_fingers_and_jaw_go_with_wrists_and_head(tmp_path, kind, suffix):
    """As the plain formula has it when joints beyond the 22 do not turn."""
    arrays = synthetic_smpl(kind)
    mesh, pose = load_smpl(write_smpl(tmp_path, arrays, suffix)), random_pose()
    parents = [*PARENTS, *BEYOND[kind]]
    joints = len(parents)
    rest = arrays['J_regressor'] @ arrays['v_template']
    local = np.concatenate((pose.local_rotations, np.tile(np.eye(3), (joints - 22, 1, 1))))
    turned = [local[0]]
    places = [pose.root_position]
    for joint in range(1, joints):
        parent = parents[joint]
        turned.append(turned[parent] @ local[joint])
        places.append(places[parent] + turned[parent] @ (rest[joint] - rest[parent]))
    bent = arrays['v_template'] + arrays['posedirs'] @ (local[1:] - np.eye(3)).ravel()
    expected = sum(
        arrays['weights'][:, joint, None] * (
            (bent - rest[joint]) @ turned[joint].T + places[joint])
        for joint in range(joints))
    np.testing.assert_allclose(Skinner(mesh, mesh.offsets_m).skin(pose), expected, atol=2e-5)


def test_an_operator_of_another_size_has_a_mesh_of_that_size(tmp_path):
    mesh = load_smpl(write_smpl(tmp_path, synthetic_smpl(), '.npz'))
    rest = BodyPose(np.tile(np.eye(3), (22, 1, 1)), np.zeros(3))
    own, larger = (Skinner(mesh, factor * mesh.offsets_m).skin(rest) for factor in (1.0, 1.2))
    np.testing.assert_allclose(larger, 1.2 * own, atol=1e-5)


class Evil:
    def __reduce__(self):
        return os.system, ('touch evil',)


class Sneaky:
    def __reduce__(self):
        return eval, ('1 + 1',)


@pytest.mark.parametrize(('evil', 'word'), [(Evil(), 'system'), (Sneaky(), 'eval')])
def test_a_pickle_that_asks_for_more_than_arrays_is_refused_and_runs_nothing(
        tmp_path, monkeypatch, evil, word):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'model.pkl'
    path.write_bytes(pickle.dumps({**synthetic_smpl(), 'f': evil}))
    with pytest.raises(MeshFileError, match=f'refused: it asks for .*{word}'):
        load_smpl(path)
    assert not (tmp_path / 'evil').exists()


def test_arrays_of_chumpy_are_read_without_it(tmp_path):
    """As SMPL's own files have them."""
    arrays = synthetic_smpl()
    # class chumpy.ch.Ch with the state {'x': v_template}, protocol 2
    inner = pickle.dumps(arrays['v_template'], protocol=2)[2:-1]
    chumpy = b'cchumpy.ch\nCh\n)\x81}X\x01\x00\x00\x00x' + inner + b'sb'
    others = {name: value for name, value in arrays.items() if name != 'v_template'}
    start = pickle.dumps(others, protocol=2)[:-1]
    path = tmp_path / 'model.pkl'
    path.write_bytes(start + b'X\x0a\x00\x00\x00v_template' + chumpy + b's.')
    np.testing.assert_array_equal(
        load_smpl(path).vertices,
        load_smpl(write_smpl(tmp_path, arrays, '.npz')).vertices)


@pytest.mark.parametrize(('change', 'word'), [
    ({'f': np.array([[0, 1, VERTICES]])}, 'outside 0'),
    ({'weights': np.ones((VERTICES, 23))}, '23 joints'),
    ({'posedirs': np.zeros((VERTICES, 3, 5))}, 'posedirs of shape'),
    ({'v_template': np.full((VERTICES, 3), np.nan)}, 'finite'),
    ({'weights': np.zeros((VERTICES, 24))}, 'add up'),
    ({'shapedirs': None}, "no array 'shapedirs'")])
def test_what_is_no_model_is_refused_in_one_line(tmp_path, change, word):
    changed = synthetic_smpl() | change
    arrays = {name: value for name, value in changed.items() if value is not None}
    with pytest.raises(MeshFileError, match=word) as caught:
        load_smpl(write_smpl(tmp_path, arrays, '.npz'))
    assert '\n' not in str(caught.value)


def test_files_that_are_missing_cut_off_or_huge_are_refused(tmp_path):
    with pytest.raises(MeshFileError, match='no such file'):
        load_smpl(tmp_path / 'none.pkl')
    for suffix in ('.npz', '.pkl'):
        path = write_smpl(tmp_path, synthetic_smpl(), suffix)
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(MeshFileError, match='not readable'):
            load_smpl(path)
    huge = tmp_path / 'huge.pkl'
    with open(huge, 'wb') as file:
        file.truncate(2_000_000_000)    # takes no room on the disk
    with pytest.raises(MeshFileError, match='more than 1,000,000,000 bytes'):
        load_smpl(huge)


def test_more_betas_than_a_model_has_are_refused(tmp_path):
    with pytest.raises(MeshFileError, match='it has 10 of them'):
        load_smpl(write_smpl(tmp_path, synthetic_smpl(), '.npz'), np.zeros(11))
