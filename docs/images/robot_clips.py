# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Draws robot_clips.png: the G1 below the people whom it follows, in two test clips.

Needs Pillow, example-robot-data and the data: python docs/images/robot_clips.py DATA.
"""

from __future__ import annotations

from pathlib import Path
import sys
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image
import pinocchio
from test_clips import BLUE, CELL_PX, COLUMNS, GREY, KICK, drawn

from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.urdf import find_urdf

CLIPS = ('cmu/cmu_06/cmu_06_10_poses.npz', KICK)
MOST_TRIANGLES = 3000  # of a part
ON_FLOOR = np.array([1.0, 1.0, 0.0])
STL = np.dtype([('normal', '<f4', 3), ('corners', '<f4', (3, 3)), ('attribute', '<u2')])


def parts(model: Any) -> list[tuple[int, np.ndarray]]:
    """Return frames of the G1 and the triangles (T, 3, 3) [m] on them."""
    path = find_urdf('g1')
    found = []
    for link in ElementTree.parse(path).getroot().findall('link'):
        for visual in link.findall('visual'):
            mesh, origin = visual.find('geometry/mesh'), visual.find('origin')
            name = mesh.get('filename').rpartition('/')[2]
            content = next(path.parents[1].rglob(name)).read_bytes()
            triangles = np.frombuffer(content[84:], dtype=STL)['corners'].astype(float)
            triangles = triangles[::max(1, len(triangles) // MOST_TRIANGLES)]
            if origin is not None:
                turn, place = (
                    np.array(origin.get(key, '0 0 0').split(), dtype=float)
                    for key in ('rpy', 'xyz'))
                triangles = triangles @ pinocchio.rpy.rpyToMatrix(*turn).T + place
            found.append((model.getFrameId(link.get('name')), triangles))
    return found


def main(data_folder: Path) -> None:
    """Draw the picture."""
    retargeter = Retargeter.load('g1')
    model, data = retargeter.robot.model, retargeter.robot.data
    skinner = Skinner(load_builtin_mesh('fine'))
    drawing = parts(model)
    width, height = CELL_PX
    picture = Image.new('RGB', (COLUMNS * width, 2 * len(CLIPS) * height), 'white')
    for row, clip in enumerate(CLIPS):
        motion = load_motion(data_folder / clip).resampled(60.0)
        robot = retargeter.follow(motion)
        for column, frame in enumerate(np.linspace(20, len(motion) - 1, COLUMNS).astype(int)):
            pose = motion.poses[frame]
            human = skinner.skin(pose) - pose.root_position * ON_FLOOR
            quaternion = pinocchio.Quaternion(robot.base_rotation[frame]).coeffs()
            pinocchio.forwardKinematics(model, data, np.concatenate(
                (robot.base_position[frame], quaternion, robot.joints[frame])))
            pinocchio.updateFramePlacements(model, data)
            corners = np.concatenate([
                triangles.reshape(-1, 3) @ data.oMf[number].rotation.T
                + data.oMf[number].translation for number, triangles in drawing])
            corners -= robot.base_position[frame] * ON_FLOOR
            triples = np.arange(len(corners)).reshape(-1, 3)
            x, y = column * width, 2 * row * height
            picture.paste(drawn(human, skinner.mesh.faces, GREY), (x, y))
            picture.paste(drawn(corners, triples, BLUE), (x, y + height))
    picture.quantize(64).save(Path(__file__).with_suffix('.png'), optimize=True)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
