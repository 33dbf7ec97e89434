# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion features of files, computed once for each content."""

from __future__ import annotations

from functools import lru_cache
import hashlib
from pathlib import Path

import numpy as np

from motion_avatar_ros.body import kinematics, mirroring, motion, pose, rotations, skeleton
from motion_avatar_ros.body.mirroring import mirrored_motion
from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.generation import motion_features
from motion_avatar_ros.generation.motion_features import (
    FRAME_RATE_HZ, WIDTH, features_from_motion,
)
from motion_avatar_ros.trackers import heading
from motion_avatar_ros.training.array_cache import cached_arrays

#: Whoever changes one of these changes the features.
_CODE = (kinematics, mirroring, motion, pose, rotations, skeleton, motion_features, heading)


def clip_features(path: Path, least_frames: int, is_mirrored: bool = False) -> np.ndarray:
    """
    Return the features (T, 269) of a file, float32; T is 0 where it is too short.

    Args:
        path: AMASS-style npz.
        least_frames: at 20 Hz.
        is_mirrored: with left and right exchanged.

    Raises:
        MotionFileError: it is no such file.
    """
    try:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        content = ''    # told by what reads the motion

    def compute() -> dict[str, np.ndarray]:
        clip = load_motion(path)
        if clip.duration_s < (least_frames - 1) / FRAME_RATE_HZ:
            return {'features': np.zeros((0, WIDTH), np.float32)}
        return {'features': features_from_motion(mirrored_motion(clip) if is_mirrored else clip)}

    key = f'{_code()} {content} {least_frames} {is_mirrored}'
    return cached_arrays('features', key, compute)['features']


@lru_cache
def _code() -> str:
    digest = hashlib.sha256()
    for module in _CODE:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()
