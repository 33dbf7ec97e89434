# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a motion that is seen without a network: sliding feet, bones, trembling."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.skeleton import JOINT_COUNT, JOINT_INDEX, PARENTS
from motion_avatar_ros.generation.motion_features import FRAME_RATE_HZ

_TOES = [JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot']]
_LOW_M = 0.05
_SLIDING_M_S = 0.5
_MEAN_FRAMES = 5
_MM_PER_M = 1000.0
_JITTER_UNIT_M_S3 = 100.0


def foot_skating(joints: np.ndarray) -> float:
    """
    Return the share of steps to the next frame in which a toe slides, as GMD counts it.

    A toe slides when it is below 5 cm in both frames and its horizontal speed, and the mean of
    that over five frames, are above 0.5 m/s (Karunratanakul et al., ICCV 2023).

    Args:
        joints: (T, 22, 3) [m] at 20 Hz, the floor at z = 0.
    """
    toes = joints[:, _TOES]
    speeds = np.linalg.norm(np.diff(toes[..., :2], axis=0), axis=-1) * FRAME_RATE_HZ
    is_low = toes[..., 2] < _LOW_M
    # Fewer frames at the ends, none invented.
    window = np.ones(min(_MEAN_FRAMES, len(speeds)))
    share = np.convolve(np.ones(len(speeds)), window, 'same')
    means = np.stack(
        [np.convolve(each, window, 'same') / share for each in speeds.T], axis=1)
    slides = is_low[1:] & is_low[:-1] & (speeds > _SLIDING_M_S) & (means > _SLIDING_M_S)
    return float(slides.any(axis=1).mean())


def limb_deviation_mm(joints: np.ndarray) -> float:
    """Return how much bones (T, 22, 3) change their length: deviation over time, mean [mm]."""
    bones = [joint for joint in range(JOINT_COUNT) if PARENTS[joint] >= 0]
    lengths = np.linalg.norm(
        joints[:, bones] - joints[:, [PARENTS[joint] for joint in bones]], axis=-1)
    return float(_MM_PER_M * lengths.std(axis=0).mean())


def jitter_1e2_m_s3(joints: np.ndarray) -> float:
    """Return the mean length of the third difference of joints (T, 22, 3) [10^2 m/s^3]."""
    jerk = np.linalg.norm(np.diff(joints, n=3, axis=0), axis=-1) * FRAME_RATE_HZ ** 3
    return float(jerk.mean() / _JITTER_UNIT_M_S3)
