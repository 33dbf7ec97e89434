# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of solids without a display: flat shading, nearest triangle last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from motion_avatar_ros.body.rotations import rotation_about_z

_LIGHT = np.array([0.5, -0.4, 0.77])
_DARKEST = 0.35
_SMOOTHING = 3      # drawn so many times larger, for smooth edges


@dataclass(frozen=True)
class Solid:
    """
    A triangle mesh in one colour.

    Attributes:
        vertices: (V, 3) [m], z up.
        faces: (F, 3) indices, corners counter-clockwise seen from outside.
        rgb: 0 to 255.
    """

    vertices: np.ndarray
    faces: np.ndarray
    rgb: tuple[int, int, int]


def draw(
    solids: Sequence[Solid], size_px: tuple[int, int], px_per_m: float,
    azimuth_deg: float = 0.0, ground_px: int = 8,
) -> Image.Image:
    """
    Draw solids that stand about the origin, from the side and without perspective.

    Args:
        solids: what to draw.
        size_px: width and height.
        px_per_m: scale.
        azimuth_deg: from where: 0 looks along -x, at who faces along x, 90 along -y.
        ground_px: height of z = 0 above the lower edge.
    """
    turn = rotation_about_z(np.array(-np.radians(azimuth_deg)))
    corners, colours = [], []
    for solid in solids:
        seen = (solid.vertices @ turn.T)[solid.faces]
        normals = np.cross(seen[:, 1] - seen[:, 0], seen[:, 2] - seen[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
        normals *= np.where(normals[:, :1] < 0.0, -1.0, 1.0)    # some meshes are inside out
        shade = _DARKEST + (1.0 - _DARKEST) * np.clip(normals @ _LIGHT, 0.0, 1.0)
        corners.append(seen)
        colours.append((shade[:, None] * np.array(solid.rgb)).astype(int))
    seen, colour = np.concatenate(corners), np.concatenate(colours)
    width, height = (_SMOOTHING * size for size in size_px)
    x = width / 2 + _SMOOTHING * px_per_m * seen[..., 1]
    y = height - _SMOOTHING * (ground_px + px_per_m * seen[..., 2])
    image = Image.new('RGB', (width, height), 'white')
    pen = ImageDraw.Draw(image)
    for face in np.argsort(seen[..., 0].mean(axis=-1)):
        pen.polygon(
            list(zip(x[face].tolist(), y[face].tolist(), strict=True)),
            fill=tuple(colour[face].tolist()))
    return image.resize(size_px, Image.Resampling.LANCZOS)
