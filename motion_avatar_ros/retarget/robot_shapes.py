# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a robot looks like: triangles on its joints, from its URDF, thinned out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import numpy as np

from motion_avatar_ros.body.plain_xml import parse_plain_xml
from motion_avatar_ros.retarget.capsules import Capsule
from motion_avatar_ros.retarget.robot_model import RobotModel
from motion_avatar_ros.retarget.urdf import UrdfError

_SHADES = 20    # facets of a cylinder
_DETAIL_M = 0.005
_COLLADA_HEAD = 10_000   # characters in which a file tells which axis is up
_Z_FROM_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
_CAPSULE_RGB = (120, 140, 180)
_UNTOLD_RGB = (200, 200, 205)    # pinocchio has black for a colour in the mesh's file


@dataclass(frozen=True)
class RobotShape:
    """
    A rigid part.

    Attributes:
        joint: number of the joint whose link it is on, -1 for the base.
        vertices: (V, 3) [m] in that joint's frame.
        faces: (F, 3) indices.
        rgb: 0 to 255.
    """

    joint: int
    vertices: np.ndarray
    faces: np.ndarray
    rgb: tuple[int, int, int]


def robot_shapes(robot: RobotModel, detail_m: float = 0.008) -> list[RobotShape]:
    """
    Return the visible parts.

    Args:
        robot: whose description is drawn; meshes that are not found are left out.
        detail_m: vertices closer than that become one; 0 keeps all.

    Raises:
        UrdfError: the parts cannot be drawn.
    """
    try:
        return _shapes(robot, detail_m)
    except (ValueError, RuntimeError, IndexError, OSError) as error:
        raise UrdfError(
            f"robot '{robot.name}' cannot be drawn: {' '.join(str(error).split())}") from None


def _shapes(robot: RobotModel, detail_m: float) -> list[RobotShape]:
    import pinocchio

    geometry = pinocchio.buildGeomFromUrdfString(
        robot.model, _drawable(robot.description), pinocchio.GeometryType.VISUAL)
    shapes = []
    for part in geometry.geometryObjects:
        vertices, faces = _triangles(part.geometry)
        if _is_y_up(part.meshPath):
            vertices = vertices @ _Z_FROM_Y_UP.T
        if np.prod(part.meshScale) < 0.0:
            faces = faces[:, ::-1]  # a mirrored mesh is inside out
        place = part.placement
        vertices = vertices @ place.rotation.T + place.translation  # meshes are scaled already
        vertices, faces = _thinned(vertices, faces, detail_m)
        if len(faces):
            red, green, blue = (round(255.0 * float(value)) for value in part.meshColor[:3])
            shapes.append(RobotShape(
                part.parentJoint - 2, vertices, faces, (red, green, blue)
                if red or green or blue else _UNTOLD_RGB))
    return shapes


def capsule_shape(robot: RobotModel, capsule: Capsule) -> RobotShape:
    """Return a capsule as a part, for robots without meshes."""
    place = robot.neutral_place(capsule.joint)
    ball = capsule.radius_m * _sphere()
    vertices, faces = _hull(np.concatenate([
        ball + end - capsule.ends.mean(axis=0) for end in capsule.ends]))
    vertices = vertices + capsule.ends.mean(axis=0)
    return RobotShape(
        capsule.joint, (vertices - place.translation) @ place.rotation, faces, _CAPSULE_RGB)


def neutral_vertices(robot: RobotModel) -> dict[int, np.ndarray]:
    """
    Return the vertices (V, 3) [m] on the link of each joint by its number, -1 for the base.

    In the axes of the base link, all joints at zero; none where its meshes cannot be read.
    """
    try:
        shapes = robot_shapes(robot, _DETAIL_M)
    except UrdfError:
        return {}
    found: dict[int, list[np.ndarray]] = {}
    for shape in shapes:
        place = robot.neutral_place(shape.joint)
        found.setdefault(shape.joint, []).append(
            shape.vertices @ place.rotation.T + place.translation)
    return {joint: np.concatenate(points) for joint, points in found.items()}


def _drawable(description: str) -> str:
    """Return a URDF without the meshes that are not files of this machine."""
    root = parse_plain_xml(description)
    for link in root.iter('link'):
        for visual in link.findall('visual'):
            mesh = visual.find('geometry/mesh')
            if mesh is not None and not _is_file(mesh.get('filename', '')):
                link.remove(visual)
    return ElementTree.tostring(root, encoding='unicode')


def _is_y_up(path: str) -> bool:
    """Say whether a mesh's file is COLLADA with the y axis up, which its reader leaves so."""
    if not path.lower().endswith('.dae'):
        return False
    with open(path, encoding='utf-8', errors='replace') as file:
        return '<up_axis>Y_UP' in file.read(_COLLADA_HEAD)


def _is_file(name: str) -> bool:
    parts = urlsplit(name)
    return parts.scheme in ('', 'file') and Path(unquote(parts.path)).is_file()


def _triangles(geometry: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (V, 3) and faces (F, 3) of a mesh, box, cylinder or sphere."""
    if hasattr(geometry, 'num_tris'):
        faces = [[triangle[0], triangle[1], triangle[2]] for triangle in (
            geometry.tri_indices(number) for number in range(geometry.num_tris))]
        return np.array(geometry.vertices(), dtype=float), np.array(faces, dtype=int)
    if hasattr(geometry, 'halfSide'):
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        return _hull(corners * np.asarray(geometry.halfSide))
    if hasattr(geometry, 'halfLength'):
        around = np.linspace(0.0, 2.0 * np.pi, _SHADES, endpoint=False)
        ring = geometry.radius * np.stack((np.cos(around), np.sin(around)), axis=-1)
        return _hull(np.concatenate([
            np.column_stack((ring, np.full(_SHADES, side * geometry.halfLength)))
            for side in (-1, 1)]))
    if hasattr(geometry, 'radius'):
        return _hull(geometry.radius * _sphere())
    return np.zeros((0, 3)), np.zeros((0, 3), dtype=int)


def _sphere() -> np.ndarray:
    """Return points (V, 3) on the unit sphere (Fibonacci's)."""
    turns = np.arange(10 * _SHADES) + 0.5
    height = 1.0 - turns / (5.0 * _SHADES)
    angle = np.pi * (1.0 + 5.0 ** 0.5) * turns
    flat = np.sqrt(1.0 - height * height)
    return np.stack((flat * np.cos(angle), flat * np.sin(angle), height), axis=-1)


def _hull(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a convex body about the origin, its faces seen from outside."""
    from scipy.spatial import ConvexHull

    faces = ConvexHull(points).simplices
    corners = points[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    is_inside_out = (normals * corners.mean(axis=1)).sum(axis=-1) < 0.0
    return points, np.where(is_inside_out[:, None], faces[:, ::-1], faces)


def _thinned(
    vertices: np.ndarray, faces: np.ndarray, cell_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """Join the vertices in each cell of a grid, and drop the faces that vanish with it."""
    if cell_m <= 0.0 or not len(vertices):
        return vertices, faces
    _, cell = np.unique(
        np.floor(vertices / cell_m).astype(int), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    counts = np.bincount(cell)
    means = np.stack([
        np.bincount(cell, weights=vertices[:, axis]) / counts for axis in range(3)], axis=-1)
    faces = cell[faces]
    is_kept = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (
        faces[:, 2] != faces[:, 0])
    return means, faces[is_kept]
