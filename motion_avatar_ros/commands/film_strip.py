# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A motion as pictures side by side, the person in the middle of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from motion_avatar_ros.body.drawing import Solid, draw
from motion_avatar_ros.body.mesh import BodyMesh
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.skinning import Skinner

#: Draws a frame as solids about the vertical through the pelvis.
Figure = Callable[[int], list[Solid]]

ON_FLOOR = np.array([1.0, 1.0, 0.0])
TALL_M = 2.1            # that fit into a picture
_PERSON_RGB = (95, 140, 225)


def person_figure(motion: Motion, mesh: BodyMesh) -> Figure:
    """Return who draws a motion's person."""
    skinner = Skinner(mesh)

    def person(frame: int) -> list[Solid]:
        pose = motion.poses[frame]
        return [Solid(
            skinner.skin(pose) - pose.root_position * ON_FLOOR, mesh.faces, _PERSON_RGB)]

    return person


def even_frames(count: int, columns: int) -> np.ndarray:
    """Return which of `count` frames a strip shows, from the first to the last."""
    return np.linspace(0, count - 1, columns).round().astype(int)


def film_strip(
    figures: Sequence[Figure], frames: np.ndarray, size_px: tuple[int, int], azimuth_deg: float,
    on_picture: Callable[[], object] = lambda: None,
) -> Image.Image:
    """
    Return the pictures, a row for each figure.

    Args:
        figures: what to draw.
        frames: which of theirs, (columns,).
        size_px: width and height of one picture.
        azimuth_deg: from where, see `drawing.draw`.
        on_picture: is called when the pictures of a column are drawn.
    """
    width, height = size_px
    strip = Image.new('RGB', (width * len(frames), height * len(figures)), 'white')
    for column, frame in enumerate(frames):
        for row, figure in enumerate(figures):
            strip.paste(
                draw(figure(int(frame)), size_px, height / TALL_M, azimuth_deg),
                (column * width, row * height))
        on_picture()
    return strip
