# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a pose that is ahead of its trackers is scored against."""

from __future__ import annotations

import math

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import slerp


def ahead_of(poses: BodyPose, frames: float) -> BodyPose:
    """
    Return where T poses will be some frames later.

    Args:
        poses: a clip's, (T, 22, 3, 3) and (T, 3).
        frames: not negative; between two frames along the arc.

    Returns:
        One for each pose that has a later one, so T less `frames` rounded up; none where the
        clip is no longer than that.
    """
    count = max(0, len(poses.root_position) - math.ceil(frames - 1e-9))
    times = np.arange(count) + frames
    before = np.minimum(times.astype(int), len(poses.root_position) - 1)
    after = np.minimum(before + 1, len(poses.root_position) - 1)
    share = (times - before)[:, None]
    root = poses.root_position
    return BodyPose(
        slerp(poses.local_rotations[before], poses.local_rotations[after], share),
        root[before] + share * (root[after] - root[before]))
