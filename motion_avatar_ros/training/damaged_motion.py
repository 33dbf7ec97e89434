# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Motion with a planted fault, which an evaluator has to see.

Each takes features (T, 269), a strength and a source of chance, and returns features made anew
from what the rotations and the root have become.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from motion_avatar_ros.body.mirroring import mirrored_motion
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import matrix_from_axis_angle
from motion_avatar_ros.generation.motion_features import (
    FRAME_RATE_HZ, features_from_motion, motion_from_features,
)

Damage = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]

_ROOT_M_PER_RAD = 0.1


def trembling(features: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Turn each joint of each frame by chance, `strength` [deg] about each axis; move the root."""
    motion = motion_from_features(features)
    angle = np.radians(strength)
    local = motion.poses.local_rotations
    turned = local @ matrix_from_axis_angle(rng.normal(0.0, angle, (*local.shape[:2], 3)))
    moved = motion.poses.root_position + rng.normal(
        0.0, _ROOT_M_PER_RAD * angle, (len(local), 3))
    return _anew(turned, moved)


def sliding(features: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Move the whole body steadily in one direction, `strength` [m/s]."""
    motion = motion_from_features(features)
    direction = rng.uniform(-np.pi, np.pi)
    way = strength / FRAME_RATE_HZ * np.arange(len(motion))[:, None] * [
        np.cos(direction), np.sin(direction), 0.0]
    return _anew(motion.poses.local_rotations, motion.poses.root_position + way)


def shuffled(features: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Exchange a share of the frames among each other; ways go with their frames."""
    chosen = np.flatnonzero(rng.random(len(features)) < strength)
    order = np.arange(len(features))
    order[chosen] = rng.permutation(chosen)
    return features_from_motion(motion_from_features(features[order]))


def held(features: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Drop a share of the frames, the one before being held."""
    motion = motion_from_features(features)
    is_there = rng.random(len(motion)) >= strength
    is_there[0] = True
    last = np.maximum.accumulate(np.where(is_there, np.arange(len(motion)), 0))
    return _anew(motion.poses.local_rotations[last], motion.poses.root_position[last])


def reversed_in_time(
    features: np.ndarray, strength: float, rng: np.random.Generator
) -> np.ndarray:
    """Play backwards with a probability of `strength`."""
    if rng.random() >= strength:
        return features
    poses = motion_from_features(features).poses[::-1]
    return _anew(poses.local_rotations, poses.root_position)


def mirrored(features: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Exchange left and right with a probability of `strength`."""
    if rng.random() >= strength:
        return features
    return features_from_motion(mirrored_motion(motion_from_features(features)))


def by_chance(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Tremble, slide or shuffle, from hardly seen to nothing like a motion."""
    damage, least, most = _RANGES[int(rng.integers(len(_RANGES)))]
    return damage(features, float(np.exp(rng.uniform(np.log(least), np.log(most)))), rng)


_RANGES: tuple[tuple[Damage, float, float], ...] = (
    (trembling, 0.5, 20.0), (sliding, 0.05, 1.0), (shuffled, 0.05, 1.0))


def _anew(local: np.ndarray, root: np.ndarray) -> np.ndarray:
    return features_from_motion(Motion(BodyPose(local, root), FRAME_RATE_HZ))
