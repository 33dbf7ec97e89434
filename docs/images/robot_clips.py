# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Draws robot_clips.png and check_robot.png.

The G1 below the people whom it follows, in two test clips, and what `check-robot --picture` makes
of four robots.

Needs example-robot-data and the data: python docs/images/robot_clips.py DATA.
"""

from __future__ import annotations

from pathlib import Path
import sys

import numpy as np
from PIL import Image
from test_clips import CELL_PX, COLUMNS, GREY, KICK, PX_PER_M, drawn

from motion_avatar_ros.body.drawing import draw
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.retarget.retargeter import Retargeter
from motion_avatar_ros.retarget.robot_drawing import (
    draw_side_by_side, robot_solids, visible_shapes,
)
from motion_avatar_ros.retarget.solver import RobotPose

CLIPS = ('cmu/cmu_06/cmu_06_10_poses.npz', KICK)
ROBOTS = ('g1', 'talos', 'romeo', 'icub')
ON_FLOOR = np.array([1.0, 1.0, 0.0])


def draw_clips(data_folder: Path) -> Image.Image:
    """Draw people and the G1."""
    retargeter = Retargeter.load('g1')
    shapes = visible_shapes(retargeter)
    skinner = Skinner(load_builtin_mesh('fine'))
    width, height = CELL_PX
    picture = Image.new('RGB', (COLUMNS * width, 2 * len(CLIPS) * height), 'white')
    for row, clip in enumerate(CLIPS):
        motion = load_motion(data_folder / clip).resampled(60.0)
        robot = retargeter.follow(motion)
        for column, frame in enumerate(np.linspace(20, len(motion) - 1, COLUMNS).astype(int)):
            pose = motion.poses[frame]
            human = skinner.skin(pose) - pose.root_position * ON_FLOOR
            place = robot.base_position[frame]
            solids = robot_solids(retargeter.robot, shapes, RobotPose(
                robot.base_rotation[frame], place - place * ON_FLOOR, robot.joints[frame]))
            x, y = column * width, 2 * row * height
            picture.paste(drawn(human, skinner.mesh.faces, GREY), (x, y))
            picture.paste(
                draw(solids, CELL_PX, PX_PER_M, azimuth_deg=-50.0), (x, y + height))
    return picture


def draw_robots() -> Image.Image:
    """Draw a person and four robots in the same pose."""
    cells = [draw_side_by_side(Retargeter.load(name)).crop((600, 0, 1200, 400))
             for name in ROBOTS]
    picture = Image.new('RGB', (300 * (1 + len(cells)), 400), 'white')
    picture.paste(cells[0].crop((0, 0, 300, 400)), (0, 0))
    for column, cell in enumerate(cells):
        picture.paste(cell.crop((300, 0, 600, 400)), (300 * (column + 1), 0))
    return picture


if __name__ == '__main__':
    folder = Path(__file__).parent
    for name, picture in (
            ('robot_clips', draw_clips(Path(sys.argv[1]))), ('check_robot', draw_robots())):
        picture.quantize(64).save(folder / f'{name}.png', optimize=True)
