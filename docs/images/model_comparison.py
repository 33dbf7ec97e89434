# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Draws model_comparison.png: of each shipped model, its median and its worst test clip.

Needs Pillow and the data: python docs/images/model_comparison.py DATA.
"""

from __future__ import annotations

from pathlib import Path
import sys

import numpy as np
from PIL import Image
from test_clips import BLUE, CELL_PX, COLUMNS, GREY, bodies, drawn

from motion_avatar_ros.body.mesh import load_builtin_mesh
from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.skinning import Skinner
from motion_avatar_ros.estimation.pose_estimator import PoseEstimator
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.training.clips import find_clips
from motion_avatar_ros.training.online_evaluation import estimate_clips

MODELS = ('baseline', 'mage', 'sage')
SETS = ('cmu', 'hdm05_bysa')


def main(data: Path) -> None:
    """Draw the picture; print which clips they are."""
    clips = [clip for clip in find_clips(data, 'test')
             if clip.relative_to(data).parts[0] in SETS]
    motions = [load_motion(clip) for clip in clips]
    mesh = load_builtin_mesh('fine')
    skinner = Skinner(mesh)
    width, height = CELL_PX
    picture = Image.new('RGB', (COLUMNS * width, 4 * len(MODELS) * height), 'white')
    for number, model in enumerate(MODELS):
        estimator = PoseEstimator.load(model, 'cpu', available=TRACKER_NAMES)
        results = list(estimate_clips(estimator, motions))
        errors = np.array([np.linalg.norm(
            result.poses.global_joints()[1] - result.truth.global_joints()[1],
            axis=-1)[1:].mean() for result in results])
        order = np.argsort(errors)
        for which, chosen in enumerate((order[len(order) // 2], order[-1])):
            sys.stdout.write(
                f'{model}: {100 * errors[chosen]:.1f} cm {clips[results[chosen].clip].name}\n')
            result = results[chosen]
            for line, (poses, colour) in enumerate(((result.poses, BLUE), (result.truth, GREY))):
                row = 4 * number + 2 * which + line
                for column, vertices in enumerate(bodies(skinner, poses)):
                    picture.paste(
                        drawn(vertices, mesh.faces, colour), (column * width, row * height))
    picture.quantize(48).save(Path(__file__).with_suffix('.png'), optimize=True)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
