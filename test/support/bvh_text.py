# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion written as a BVH file: our skeleton by other names, or with other rest poses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import warnings

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.skeleton import JOINT_NAMES, PARENTS, REST_OFFSETS_M

_FROM_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def bvh_text(
    global_rotations: np.ndarray, root: np.ndarray, names: Mapping[str, str],
    offsets: np.ndarray = REST_OFFSETS_M, unit_m: float = 0.01, rate_hz: float = 60.0,
    order: str = 'ZXY', between: Sequence[str] = (),
) -> str:
    """
    Write.

    Args:
        global_rotations: (T, 22, 3, 3) from the rest pose, in the z-up world.
        root: (T, 3) of the pelvis [m].
        names: the file's, by ours.
        offsets: (22, 3) at rest [m].
        unit_m: of the file.
        rate_hz: frames per second.
        order: of the rotation channels.
        between: joints of ours that get a still joint of another name above them.
    """
    turned = _FROM_Z_UP @ global_rotations
    local = turned.copy()
    local[:, 1:] = turned[:, list(PARENTS[1:])].swapaxes(-1, -2) @ turned[:, 1:]
    place = root @ _FROM_Z_UP.T / unit_m
    lines, columns = ['HIERARCHY'], []

    def write(joint: int, kind: str) -> None:
        way = offsets[joint] / unit_m
        if JOINT_NAMES[joint] in between:
            lines.extend((
                f'{kind} Before{joint}', '{', 'OFFSET 0 0 0',
                f'CHANNELS 3 {" ".join(f"{axis}rotation" for axis in order)}'))
            columns.append(np.zeros((len(root), 3)))
        lines.extend((f'{kind} {names[JOINT_NAMES[joint]]}', '{',
                      f'OFFSET {" ".join(f"{value:.9f}" for value in way)}'))
        turns = ' '.join(f'{axis}rotation' for axis in order)
        if joint == 0:
            lines.append(f'CHANNELS 6 Xposition Yposition Zposition {turns}')
            columns.append(place)
        else:
            lines.append(f'CHANNELS 3 {turns}')
        with warnings.catch_warnings():     # any angles of a gimbal lock will do
            warnings.simplefilter('ignore')
            columns.append(Rotation.from_matrix(local[:, joint]).as_euler(order, degrees=True))
        children = [child for child, parent in enumerate(PARENTS) if parent == joint]
        for child in children:
            write(child, 'JOINT')
        if not children:
            lines.extend(('End Site', '{', 'OFFSET 0 1 0', '}'))
        lines.extend('}' * (1 + (JOINT_NAMES[joint] in between)))

    write(0, 'ROOT')
    lines.extend(('MOTION', f'Frames: {len(root)}', f'Frame Time: {1.0 / rate_hz:.9f}'))
    lines.extend(' '.join(f'{value:.7f}' for value in row) for row in np.hstack(columns))
    return '\n'.join(lines) + '\n'
