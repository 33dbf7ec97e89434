# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Draws test_clips.png: inferred bodies above the true ones, from three test clips.

Needs Pillow and the data: python docs/images/test_clips.py DATA from the repository's root.
"""

from __future__ import annotations

from pathlib import Path
import sys

import numpy as np
from PIL import Image

from motion_avatar_ros.body.drawing import Solid, draw
from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES
from motion_avatar_ros.training.online_evaluation import estimate_clips

WALK, TURNS, KICK = (
    'cmu/cmu_39/cmu_39_01_poses.npz', 'cmu/cmu_91/cmu_91_01_poses.npz',
    'hdm05_bysa/hdm_mm/hdm05_mm_kickLFront1Reps_020_poses.npz')
EVERYTHING = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)
ROWS = (('baseline', TRACKER_NAMES, WALK), ('baseline', TRACKER_NAMES, TURNS),
        ('baseline', TRACKER_NAMES, KICK), ('mage', EVERYTHING, KICK))
COLUMNS = 10
CELL_PX = (100, 150)
PX_PER_M = 72.0
BLUE, GREY = (95, 140, 225), (175, 172, 160)


def drawn(vertices: np.ndarray, faces: np.ndarray, rgb: tuple[int, int, int]) -> Image.Image:
    """Draw one body, (V, 3) [m] about the vertical through its pelvis, seen from +x and -y."""
    return draw([Solid(vertices, faces, rgb)], CELL_PX, PX_PER_M, azimuth_deg=-50.0)


def bodies(skinner: Skinner, poses: BodyPose) -> list[np.ndarray]:
    """Return the vertices of some frames, over the origin."""
    frames = np.linspace(20, len(poses.root_position) - 1, COLUMNS).astype(int)
    return [
        skinner.skin(poses[frame]) - poses.root_position[frame] * np.array([1.0, 1.0, 0.0])
        for frame in frames]


def main(data: Path) -> None:
    """Draw the picture."""
    mesh = load_builtin_mesh('fine')
    skinner = Skinner(mesh)
    picture = Image.new('RGB', (COLUMNS * CELL_PX[0], 2 * len(ROWS) * CELL_PX[1]), 'white')
    for row, (model, trackers, clip) in enumerate(ROWS):
        estimator = PoseEstimator.load(model, 'cpu', available=trackers)
        result = next(estimate_clips(estimator, [load_motion(data / clip)]))
        for line, (poses, colour) in enumerate(((result.poses, BLUE), (result.truth, GREY))):
            for column, vertices in enumerate(bodies(skinner, poses)):
                picture.paste(drawn(vertices, mesh.faces, colour), (
                    column * CELL_PX[0], (2 * row + line) * CELL_PX[1]))
    picture.quantize(64).save(Path(__file__).with_suffix('.png'), optimize=True)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
