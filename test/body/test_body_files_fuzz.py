# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motions, meshes, SMPL models and avatar descriptions of strangers: valid, or one clear line."""

from __future__ import annotations

import io
from pathlib import Path
import pickle
import pickletools
from random import Random
from typing import Any
import zipfile

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text, random_bytes
import numpy as np
from synthetic_smpl import synthetic_smpl, write_smpl

from motion_avatar_ros.body.avatar_urdf import (
    AvatarDescriptionError, avatar_urdf, offsets_from_urdf,
)
from motion_avatar_ros.body.mesh import BodyMesh, MeshFileError, load_mesh, save_mesh
from motion_avatar_ros.body.motion import Motion, load_motion
from motion_avatar_ros.body.smpl_file import load_smpl
from motion_avatar_ros.errors import MotionFileError

_DTYPES = ('<f8', '>f4', '<f2', '<i4', '|u1', '|b1', '<c16', '<U7', '|S3', '<M8[s]', '|V8', '<U0')
_SHAPES = ('()', '(0,)', '(7,)', '(3, 66)', '(-1, 3)', '(9, 1000000000)', '(9000000000000000000,)',
           '(1, 2, 3, 4)', 'None', "('x',)", '(1e3,)', '[3]')


def damaged_npz(random: Random, arrays: dict[str, np.ndarray], seeds: list[bytes]) -> bytes:
    """Return an archive that is damaged in its bytes, its arrays, or what their headers tell."""
    kind = random.randrange(4)
    if kind == 0:
        return mutated_bytes(random, seeds)
    if kind == 1 and random.random() < 0.1:
        return random_bytes(random, (b'PK\x03\x04', b'\x93NUMPY\x01\x00', b'\x80\x04', b''))
    changed: dict[str, Any] = dict(arrays)
    if kind < 3:
        for _ in range(random.randint(1, 2)):
            name = random.choice(list(arrays))
            changed[name] = damaged_array(random, np.array(arrays[name]))
            if random.random() < 0.2:
                changed['other'] = changed.pop(name)
        file = io.BytesIO()
        np.savez(file, **changed)
        return file.getvalue()
    return lying_npz(random, arrays)


def damaged_array(random: Random, array: np.ndarray) -> np.ndarray:
    """Return an array of another type, shape or content."""
    kind = random.randrange(5)
    if kind == 0:
        return array.astype(random.choice(('f2', 'f4', 'i4', 'u1', '?', 'S5', 'U3', 'c16')))
    if kind == 1:
        return array[..., :random.randint(0, 3)] if array.ndim else array[None]
    if kind == 2 and array.size:
        flat = np.array(array, dtype=float)
        flat.flat[random.randrange(array.size)] = random.choice(
            (np.nan, np.inf, -1.0, 1e300, 1e6, -0.0))
        return flat
    if kind == 3:
        return np.zeros(random.choice(((), (0,), (2, 2), (3, 0), (1, 66), (2, 3))))
    return np.concatenate([array, array]) if array.ndim else np.array('x')


def lying_npz(random: Random, arrays: dict[str, np.ndarray]) -> bytes:
    """Return an archive with a member whose header promises what is not there."""
    file = io.BytesIO()
    liar = random.choice(list(arrays))
    with zipfile.ZipFile(file, 'w', random.choice(
            (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            data = member.getvalue()
            if name == liar:
                head = (f"{{'descr': {random.choice(_DTYPES)!r}, 'fortran_order': "
                        f"{random.choice(('True', 'False', '0'))}, 'shape': "
                        f'{random.choice(_SHAPES)}, }}')
                if random.random() < 0.3:
                    head = random.choice(('(' * 3000, '-' * 5000, '{', '', "b'x'", '1' * 9000))
                data = b'\x93NUMPY\x01\x00' + len(head).to_bytes(2, 'little') + (
                    head.encode() + data[128:])
            archive.writestr(f'{name}.npy', data)
    return file.getvalue()


def damaged_pickle(random: Random, seeds: list[bytes]) -> bytes:
    """Return a pickle with other operations, arguments or bytes."""
    if random.random() < 0.05:
        return random_bytes(random, (b'\x80\x02', b'\x80\x04', b'', b'(dp0\n'))
    if random.random() < 0.3:
        return mutated_bytes(random, seeds)
    data = random.choice(seeds)
    places = [place for _, _, place in pickletools.genops(data)] + [len(data)]
    parts = [data[start:end] for start, end in zip(places, places[1:])]
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(parts))
        kind = random.randrange(5)
        if kind == 0:
            del parts[at]
        elif kind == 1:
            parts.insert(at, random.choice(parts))
        elif kind == 2:
            parts[at] = random.choice(parts)
        else:
            parts.insert(at, random.choice(_OPERATIONS))
        if not parts:
            break
    return b''.join(parts)


#: Operations, also of what a pickle may name and what it may not.
_OPERATIONS = (
    *(operation.code.encode('latin1') for operation in pickletools.opcodes),
    b'cnumpy\nndarray\n', b'cnumpy\ndtype\n', b'cnumpy.core.multiarray\n_reconstruct\n',
    b'cscipy.sparse\ncsc_matrix\n', b'cscipy.sparse.csr\ncsr_matrix\n', b'cchumpy.ch\nCh\n',
    b'ccopy_reg\n_reconstructor\n', b'c_codecs\nencode\n', b'cbuiltins\nbytearray\n',
    b'cbuiltins\neval\n', b'cos\nsystem\n', b'cnumpy.core.multiarray\n_frombuffer\n',
    b'X\x02\x00\x00\x00f8', b'X\x01\x00\x00\x00O', b'X\x08\x00\x00\x00_' + b'x' * 7,
    b'J\xff\xff\xff\x7f', b'\x8a\x05\x00\x00\x00\x00\x01', b'r\xff\xff\xff\x1f', b'R', b'\x81',
    b'b', b'\x85', b'\x86', b'\x87', b'}', b')', b'\x8d' + b'\xff' * 8, b'\x8e' + b'\x7f' * 8)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_fuzzed_motion_file_is_a_motion_or_refused(tmp_path):
    frames = 9
    arrays: dict[str, np.ndarray] = {
        'poses': np.random.default_rng(1).normal(0.0, 0.3, (frames, 156)),
        'trans': np.zeros((frames, 3)), 'mocap_framerate': np.array(60.0)}
    seeds = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **arrays)
        seeds.append(file.getvalue())

    def check(motion: Motion) -> None:
        assert motion.poses.local_rotations.shape == (len(motion), 22, 3, 3)
        assert np.isfinite(motion.poses.local_rotations).all()
        assert np.isfinite(motion.poses.root_position).all() and 0.0 < motion.rate_hz < 1e5

    fuzz('motion npz', lambda random: damaged_npz(random, arrays, seeds),
         lambda data: load_motion(write(tmp_path / 'm.npz', data)), (MotionFileError,), 500, check)


def check_mesh(mesh: BodyMesh) -> None:
    count = len(mesh.vertices)
    assert np.isfinite(mesh.vertices).all() and np.isfinite(mesh.rest_joints).all()
    assert 0 <= mesh.faces.min() and mesh.faces.max() < count
    assert mesh.weight_joints.min() >= 0 and mesh.weight_joints.max() < 22
    np.testing.assert_allclose(mesh.weight_values.sum(axis=1), 1.0, atol=1e-3)


def test_a_fuzzed_mesh_is_a_mesh_or_refused(tmp_path):
    arrays = {
        'vertices': np.eye(3), 'faces': np.array([[0, 1, 2]]),
        'weight_joints': np.array([[0, 1], [2, 3], [4, 21]]), 'weight_values': np.ones((3, 2))}
    mesh = BodyMesh(**{**arrays, 'weight_values': np.full((3, 2), 0.5, dtype=np.float32)})
    save_mesh(tmp_path / 'seed.npz', mesh)
    seeds = [(tmp_path / 'seed.npz').read_bytes()]
    fuzz('mesh npz', lambda random: damaged_npz(random, arrays, seeds),
         lambda data: load_mesh(write(tmp_path / 'm.npz', data)), (MeshFileError,), 500,
         check_mesh)


def test_a_fuzzed_smpl_archive_is_a_model_or_refused(tmp_path):
    arrays = synthetic_smpl(vertices=30)
    arrays['f'] = np.array([[0, 1, 29]])
    seeds = [write_smpl(tmp_path, arrays, '.npz').read_bytes()]
    fuzz('SMPL npz', lambda random: damaged_npz(random, arrays, seeds),
         lambda data: load_smpl(write(tmp_path / 'm.npz', data)), (MeshFileError,), 400,
         check_mesh)


def test_a_fuzzed_smpl_pickle_is_a_model_or_refused_and_crashes_nothing(tmp_path):
    arrays = synthetic_smpl(vertices=30)
    arrays['f'] = np.array([[0, 1, 29]])
    seeds = [write_smpl(tmp_path, arrays, '.pkl').read_bytes()]
    seeds += [pickle.dumps(arrays, protocol=protocol) for protocol in (0, 2, 4, 5)]
    fuzz('SMPL pickle', lambda random: damaged_pickle(random, seeds),
         lambda data: load_smpl(write(tmp_path / 'm.pkl', data)), (MeshFileError,), 600,
         check_mesh)


def test_a_fuzzed_avatar_description_gives_offsets_or_is_refused():
    seeds = [avatar_urdf(), '<robot><link name="a"/></robot>']

    def check(offsets_m: np.ndarray) -> None:
        assert offsets_m.shape == (22, 3) and np.abs(offsets_m).max() < 100.0

    fuzz('avatar URDF', lambda random: mutated_text(random, seeds), offsets_from_urdf,
         (AvatarDescriptionError,), 300, check)
