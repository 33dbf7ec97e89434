# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Random models in the formats of SMPL, SMPL-H and SMPL-X; the real ones are gated."""

from __future__ import annotations

from pathlib import Path
import pickle

import numpy as np
import scipy.sparse

from motion_avatar_ros.body.skeleton import PARENTS, REST_OFFSETS_M

VERTICES, SHAPES = 300, 10
#: Parents of the joints beyond the 22.
BEYOND = {'smpl': (20, 21), 'smplh': (
    20, 22, 23, 20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35,
    21, 37, 38, 21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50), 'smplx': (
    15, 15, 15, 20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38,
    21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53)}


def synthetic_smpl(kind: str = 'smpl', vertices: int = VERTICES) -> dict[str, np.ndarray]:
    """Return a random model: points about the joints of our skeleton."""
    rng = np.random.default_rng(7)
    parents = [*PARENTS, *BEYOND[kind]]
    joints = len(parents)
    places = np.zeros((joints, 3))
    for joint in range(1, joints):
        offset = REST_OFFSETS_M[joint] if joint < 22 else rng.normal(0.0, 0.02, 3)
        places[joint] = places[parents[joint]] + offset
    nearest = rng.integers(0, joints, vertices)
    weights = np.zeros((vertices, joints))
    share = rng.uniform(0.5, 1.0, vertices)
    weights[np.arange(vertices), nearest] = share
    np.add.at(weights, (np.arange(vertices), np.maximum(np.array(parents)[nearest], 0)), 1 - share)
    regressor = rng.random((joints, vertices)) ** 8
    template = places[nearest] + rng.normal(0.0, 0.05, (vertices, 3))
    return {
        'v_template': template, 'shapedirs': rng.normal(0.0, 0.01, (vertices, 3, SHAPES)),
        'posedirs': rng.normal(0.0, 0.002, (vertices, 3, 9 * (joints - 1))),
        'J_regressor': regressor / regressor.sum(axis=1, keepdims=True), 'weights': weights,
        'f': rng.integers(0, vertices, (500, 3)).astype(np.uint32),
        'kintree_table': np.array([[-1, *parents[1:]], range(joints)], dtype=np.int64),
    }


def write_smpl(folder: Path, arrays: dict[str, np.ndarray], suffix: str) -> Path:
    path = folder / f'SMPL_NEUTRAL{suffix}'
    if suffix == '.npz':
        np.savez(path, **arrays)
    else:
        sparse = {**arrays, 'J_regressor': scipy.sparse.csc_matrix(arrays['J_regressor'])}
        path.write_bytes(pickle.dumps(sparse, protocol=2))
    return path
