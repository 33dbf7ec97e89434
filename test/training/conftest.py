# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A small data folder of synthetic motion."""

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.motion import Motion, save_motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.skeleton import JOINT_COUNT


def swaying_motion(frames, seed, rate_hz=60.0):
    """An upright body whose joints sway smoothly by up to some 20 degrees."""
    rng = np.random.default_rng(seed)
    times = np.arange(frames)[:, None, None] / rate_hz
    phases = rng.uniform(0.0, 6.28, (JOINT_COUNT, 3))
    rotvec = 0.2 * np.sin(2.0 * times * rng.uniform(1.0, 2.0, (JOINT_COUNT, 3)) + phases)
    local = Rotation.from_rotvec(rotvec.reshape(-1, 3)).as_matrix()
    local = local.reshape(frames, JOINT_COUNT, 3, 3)
    local[:, 0] = local[:, 0] @ ROS_FROM_SMPL
    root = np.concatenate((0.3 * times, 0.1 * times, 0.9 + 0.0 * times), axis=-1)[:, 0]
    return Motion(BodyPose(local, root), rate_hz)


@pytest.fixture
def data_folder(tmp_path):
    """Four training clips and one each for val and test, of two sources."""
    folder, splits = tmp_path / 'data', {}
    for seed, (source, split) in enumerate([
            ('cmu', 'train'), ('cmu', 'train'), ('idle', 'train'), ('idle', 'train'),
            ('cmu', 'val'), ('cmu', 'test')]):
        name = f'{source}/clip_{seed}.npz'
        (folder / source).mkdir(parents=True, exist_ok=True)
        save_motion(folder / name, swaying_motion(90 + 10 * seed, seed))
        splits[name] = split
    (folder / 'splits.json').write_text(json.dumps(splits))
    return folder
