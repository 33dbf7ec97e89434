# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A user's SMPL, SMPL-H or SMPL-X file as a mesh for our own skinning.

Shape is folded into the vertices once (Loper et al., SMPL, SIGGRAPH Asia 2015, eq. 8 and 10);
corrections for the pose (eq. 9) stay, of the body's joints. What fingers, jaw and eyes move goes
with wrists and head, as in the 22 joints that are followed; hands are flat.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motion_avatar_ros.body.array_pickle import ForeignPickleError, load_arrays
from motion_avatar_ros.body.bounded_npz import bounded_npz
from motion_avatar_ros.body.mesh import FARTHEST_M, BodyMesh, MeshFileError
from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX

_NEEDED = ('v_template', 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'f')
_MOST_BYTES = 1_000_000_000
_MOST_FACTOR = 1000.0
_FACTORS = ('posedirs', 'J_regressor', 'weights')
_MOST_VERTICES = 1_000_000
_IS = 'expected an SMPL, SMPL-H or SMPL-X model, .npz or .pkl'
_LEFT, _RIGHT = JOINT_INDEX['left_wrist'], JOINT_INDEX['right_wrist']
_HEAD = JOINT_INDEX['head']
#: The followed joint with which the joints beyond the 22 go, by how many a model has.
_FOLDED = {
    24: (_LEFT, _RIGHT),                                    # SMPL: hands
    52: (_LEFT,) * 15 + (_RIGHT,) * 15,                     # SMPL-H: fingers
    55: (_HEAD,) * 3 + (_LEFT,) * 15 + (_RIGHT,) * 15,      # SMPL-X: jaw, eyes, fingers
}
_CORRECTED = 9 * (JOINT_COUNT - 1)


def load_smpl(path: str | Path, betas: np.ndarray | None = None) -> BodyMesh:
    """
    Read a model file.

    Args:
        path: .npz or .pkl as its authors distribute it.
        betas: (B,) coefficients of shape, as many as are wanted; the mean without.

    Raises:
        MeshFileError: the file is missing, too large, asks for code, or holds no such model.
    """
    path = Path(path).expanduser()
    arrays = _arrays(path)
    for name in _NEEDED:
        if name not in arrays:
            raise MeshFileError(path, f"no array '{name}': no SMPL, SMPL-H or SMPL-X model", _IS)
        if not arrays[name].ndim:
            raise MeshFileError(path, f'{name} is a single number', _IS)
    count = len(arrays['v_template'])
    joints = arrays['weights'].shape[-1]
    if joints not in _FOLDED:
        raise MeshFileError(path, f'{joints} joints; known: {", ".join(map(str, _FOLDED))}', _IS)
    expected = {
        'v_template': (count, 3), 'weights': (count, joints), 'J_regressor': (joints, count),
        'shapedirs': (count, 3, arrays['shapedirs'].shape[-1]),
        'posedirs': (count, 3, 9 * (joints - 1)), 'f': (len(arrays['f']), 3)}
    for name, shape in expected.items():
        array = arrays[name]
        if array.shape != shape or not array.size or not np.isfinite(array).all():
            raise MeshFileError(
                path, f'{name} of shape {array.shape}; expected {shape}, finite', _IS)
    faces = arrays['f'].astype(np.int64)
    if count > _MOST_VERTICES or faces.min() < 0 or faces.max() >= count:
        raise MeshFileError(path, f'faces refer to vertices outside 0 .. {count - 1}', _IS)
    return _mesh(path, arrays, faces, np.zeros(0) if betas is None else np.asarray(betas, float))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise MeshFileError(path, f'more than {_MOST_BYTES:,} bytes', _IS)
        if path.suffix == '.npz':
            with bounded_npz(path, _MOST_BYTES) as archive:
                return {name: archive[name] for name in _NEEDED if name in archive}
        with open(path, 'rb') as file:
            return load_arrays(file, _NEEDED)
    except FileNotFoundError:
        raise MeshFileError(path, 'no such file', _IS) from None
    except ForeignPickleError as error:
        raise MeshFileError(path, f'the pickle is refused: {error}', _IS) from None
    except MeshFileError:
        raise
    except Exception as error:  # unpickling lets through whatever the bytes cause
        raise MeshFileError(
            path, f'not readable ({" ".join(str(error).split())})', _IS) from None


def _mesh(
    path: Path, arrays: dict[str, np.ndarray], faces: np.ndarray, betas: np.ndarray
) -> BodyMesh:
    directions = np.asarray(arrays['shapedirs'], dtype=float)
    if betas.ndim != 1 or len(betas) > directions.shape[-1] or not np.isfinite(betas).all():
        raise MeshFileError(
            path, f'betas of shape {betas.shape}; it has {directions.shape[-1]} of them', _IS)
    shaped = arrays['v_template'] + directions[..., :len(betas)] @ betas
    # What no model has; a product of finite numbers may not be finite.
    if not np.abs(shaped).max() <= FARTHEST_M or any(
            np.abs(arrays[name]).max() > _MOST_FACTOR for name in _FACTORS):
        raise MeshFileError(path, f'vertices beyond {FARTHEST_M:g} m, or factors as large', _IS)
    rest_joints = (arrays['J_regressor'] @ shaped)[:JOINT_COUNT]
    weights = np.array(arrays['weights'][:, :JOINT_COUNT], dtype=np.float32)
    folded = _FOLDED[arrays['weights'].shape[-1]]
    for column, joint in enumerate(folded, start=JOINT_COUNT):
        weights[:, joint] += arrays['weights'][:, column].astype(np.float32)
    if not (weights.sum(axis=1) > 0.5).all() or weights.min() < -1e-3:
        raise MeshFileError(path, 'weights that do not add up', _IS)
    heaviest = np.argsort(-weights, axis=1).astype(np.int32)
    values = np.take_along_axis(weights, heaviest, axis=1)
    return BodyMesh(
        vertices=(shaped - rest_joints[0]).astype(np.float32), faces=faces.astype(np.int32),
        weight_joints=heaviest, weight_values=values / values.sum(axis=1, keepdims=True),
        rest_joints=rest_joints - rest_joints[0],
        pose_blend=np.ascontiguousarray(
            arrays['posedirs'][..., :_CORRECTED], dtype=np.float32))
