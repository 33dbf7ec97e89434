# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A skinned body mesh, and the built-in one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from motion_avatar_ros.body.bounded_npz import bounded_npz
from motion_avatar_ros.body.skeleton import JOINT_COUNT, PARENTS, REST_OFFSETS_M
from motion_avatar_ros.errors import MotionAvatarError

DATA_FOLDER = Path(__file__).parent / 'data'
#: File of the built-in mesh, by resolution: 2,454 and 26,756 triangles.
MESH_FILES = {'coarse': 'body_mesh.npz', 'fine': 'body_mesh_fine.npz'}
#: Joint positions of the rest pose (22, 3) [m], SMPL axes, pelvis joint at the origin.
REST_JOINTS_M = np.zeros((JOINT_COUNT, 3))
for _joint in range(1, JOINT_COUNT):
    REST_JOINTS_M[_joint] = REST_JOINTS_M[PARENTS[_joint]] + REST_OFFSETS_M[_joint]
REST_JOINTS_M.setflags(write=False)
#: Of a vertex from the origin: what no body has.
FARTHEST_M = 100.0
_MOST_WEIGHT = 1e6
_MOST_BYTES = 200_000_000
_WEIGHT_UNIT = np.iinfo(np.uint16).max  # weights are stored as sixteen bit fractions

_EXPECTED = ('expected an .npz with vertices (V, 3), faces (F, 3), weight_joints (V, K) and '
             'weight_values (V, K)')


class MeshFileError(MotionAvatarError):
    """A mesh file that is missing, corrupted, or no skinned mesh of the SMPL-22 skeleton."""

    def __init__(self, path: str | Path, problem: str, expected: str = _EXPECTED):
        super().__init__(f"mesh file '{path}': {problem}; {expected}")


@dataclass(frozen=True)
class BodyMesh:
    """
    A triangle mesh in the rest pose of the skeleton, with skinning weights.

    Attributes:
        vertices: (V, 3) float32 [m], SMPL axes (x left, y up, z forward), pelvis joint at the
            origin, joints at `rest_joints`.
        faces: (F, 3) int32, corners counter-clockwise seen from outside.
        weight_joints: (V, K) int32, joints that move each vertex, heaviest first.
        weight_values: (V, K) float32, their weights, rows summing to 1.
        rest_joints: (22, 3) [m] where joints are in that pose.
        pose_blend: (V, 3, 189) float32 [m] correctives per entry of the rotations of joints 1 to
            21, less the identity; None where a mesh has none.
    """

    vertices: np.ndarray
    faces: np.ndarray
    weight_joints: np.ndarray
    weight_values: np.ndarray
    rest_joints: np.ndarray = field(default_factory=lambda: REST_JOINTS_M)
    pose_blend: np.ndarray | None = None

    @property
    def offsets_m(self) -> np.ndarray:
        """Offsets (22, 3) [m] of the skeleton in which the mesh rests."""
        offsets = self.rest_joints.copy()
        offsets[1:] -= self.rest_joints[list(PARENTS[1:])]
        return offsets

    @cached_property
    def vertex_parts(self) -> np.ndarray:
        """Joint (V,) whose body part each vertex belongs to."""
        return self.weight_joints[:, 0]

    @cached_property
    def face_parts(self) -> np.ndarray:
        """Joint (F,) whose body part each face belongs to: that of most corners."""
        corners = np.sort(self.vertex_parts[self.faces], axis=1)
        return corners[:, 1]  # the middle one is in the majority when there is one

    @cached_property
    def dense_weights(self) -> np.ndarray:
        """Weights (V, 22) float32."""
        dense = np.zeros((len(self.vertices), JOINT_COUNT), dtype=np.float32)
        rows = np.arange(len(self.vertices))[:, None]
        np.add.at(dense, (rows, self.weight_joints), self.weight_values)
        return dense


def load_builtin_mesh(resolution: str = 'coarse') -> BodyMesh:
    """
    Load the mesh that ships with the package.

    Args:
        resolution: 'coarse' (1,229 vertices) or 'fine' (13,380).
    """
    if resolution not in MESH_FILES:
        raise MotionAvatarError(
            f"mesh resolution '{resolution}' is unknown; allowed: {', '.join(MESH_FILES)}")
    return load_mesh(DATA_FOLDER / MESH_FILES[resolution])


def load_mesh(path: str | Path) -> BodyMesh:
    """
    Read a mesh written by `save_mesh`.

    Raises:
        MeshFileError: the file is missing, no npz, or its arrays do not fit together.
    """
    try:
        with bounded_npz(path, _MOST_BYTES) as archive:
            arrays = {name: archive[name] for name in (
                'vertices', 'faces', 'weight_joints', 'weight_values')}
    except FileNotFoundError:
        raise MeshFileError(path, 'no such file') from None
    except KeyError as error:
        raise MeshFileError(path, str(error.args[0])) from None
    except (OSError, ValueError) as error:
        raise MeshFileError(path, f'not a readable npz ({error})') from None
    _check(path, **arrays)
    values = arrays['weight_values'].astype(np.float32)
    return BodyMesh(
        vertices=arrays['vertices'].astype(np.float32),
        faces=arrays['faces'].astype(np.int32),
        weight_joints=arrays['weight_joints'].astype(np.int32),
        weight_values=values / values.sum(axis=1, keepdims=True),
    )


def save_mesh(path: str | Path, mesh: BodyMesh) -> None:
    """Write a mesh; the same mesh gives the same bytes."""
    np.savez_compressed(
        path,
        vertices=mesh.vertices.astype(np.float32),
        faces=mesh.faces.astype(np.uint16),
        weight_joints=mesh.weight_joints.astype(np.uint8),
        weight_values=np.round(mesh.weight_values * _WEIGHT_UNIT).astype(np.uint16),
    )


def _check(
    path: str | Path, vertices: np.ndarray, faces: np.ndarray, weight_joints: np.ndarray,
    weight_values: np.ndarray,
) -> None:
    if not all(array.ndim for array in (vertices, faces)):
        raise MeshFileError(path, f'{vertices.shape=} and {faces.shape=}')
    count = len(vertices)
    if vertices.shape != (count, 3) or faces.shape != (len(faces), 3) or not len(faces):
        raise MeshFileError(path, f'{vertices.shape=} and {faces.shape=}')
    if weight_joints.shape != weight_values.shape or weight_joints.shape[:-1] != (count,):
        raise MeshFileError(path, f'{weight_joints.shape=} and {weight_values.shape=}')
    if not np.isfinite(vertices).all() or not np.isfinite(weight_values).all():
        raise MeshFileError(path, 'vertices or weights hold values that are not finite')
    if np.abs(vertices).max() > FARTHEST_M or weight_values.max(initial=0.0) > _MOST_WEIGHT:
        raise MeshFileError(path, f'vertices beyond {FARTHEST_M:g} m, or weights as large')
    if faces.dtype.kind not in 'iu' or faces.min() < 0 or faces.max() >= count:
        raise MeshFileError(path, f'faces refer to vertices outside 0 .. {count - 1}')
    if weight_joints.dtype.kind not in 'iu' or not (
            0 <= weight_joints.min() and weight_joints.max() < JOINT_COUNT):
        raise MeshFileError(path, f'weights refer to joints outside 0 .. {JOINT_COUNT - 1}')
    if (weight_values < 0).any() or not (weight_values.sum(axis=1) > 0).all():
        raise MeshFileError(path, 'weights are negative or a vertex has none')
