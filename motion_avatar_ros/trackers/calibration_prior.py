# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How people stand and move while they calibrate: a normal distribution of postures per step.

A posture is a pose seen from where a step is done: how the pelvis is turned and where it is, and
the local rotations of the upper body. In a step, the postures of one person scatter little about
a mean of that person's, and the means scatter from person to person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
import io

import numpy as np

from motion_avatar_ros.body.rotations import matrix_from_axis_angle, rotation_about_z
from motion_avatar_ros.body.skeleton import JOINT_INDEX
from motion_avatar_ros.trackers.calibration import CALIBRATION_STEPS

#: Joints of the upper body's tree, parents first; the pelvis is the root.
UPPER_BODY = tuple(JOINT_INDEX[name] for name in (
    'pelvis', 'spine1', 'spine2', 'spine3', 'neck', 'head',
    'left_collar', 'left_shoulder', 'left_elbow', 'left_wrist',
    'right_collar', 'right_shoulder', 'right_elbow', 'right_wrist'))
#: Position of the pelvis (3) and rotation vectors of the joints (14, 3).
POSTURE_SIZE = 3 + 3 * len(UPPER_BODY)

_ARMS = (21, 33)  # first numbers of the left and of the right arm in a posture
_PLACE = (0, 1, 4)  # where somebody stands and faces
# Correlation between steps of what is a person's own.
_TRUNK_SHARE, _MOVING_TRUNK_SHARE, _FOREARM_SHARE, _HANGING_SHARE = 0.8, 0.08, 0.3, 0.5
_LEAST_VARIANCE = 1e-8

_FILE = 'calibration_prior.npz'


@dataclass(frozen=True)
class PosturePrior:
    """
    Postures in one step, for a body of the model's size.

    Attributes:
        height_m: mean height of the pelvis joint above the floor.
        rotations: (14, 3, 3) mean rotations of the joints of UPPER_BODY: of the pelvis that
            faces along x in the world, local ones of the others.
        between: (45, 45) covariance of the persons' means, as deviations from the above.
        within: (45, 45) covariance of one person's postures about that person's mean.
    """

    height_m: float
    rotations: np.ndarray
    between: np.ndarray
    within: np.ndarray

    def facing(self, heading_rad: float) -> np.ndarray:
        """Return the mean rotations (14, 3, 3) of a body that faces elsewhere."""
        rotations = self.rotations.copy()
        rotations[0] = rotation_about_z(np.asarray(heading_rad)) @ rotations[0]
        return rotations


def persons_covariance(priors: Sequence[PosturePrior]) -> np.ndarray:
    """
    Return the covariance (45 S, 45 S) of one person's means in all of CALIBRATION_STEPS.

    A person who bends the neck or the wrists in one step does so in the others; where arms
    hang twice they hang alike; where the trunk moves on purpose its mean says little.
    """
    shares = np.tile(np.eye(len(priors)), (POSTURE_SIZE, 1, 1))
    pair = slice(CALIBRATION_STEPS.index('t_pose'), CALIBRATION_STEPS.index('arms_down') + 1)
    shares[:_ARMS[0]] = _MOVING_TRUNK_SHARE
    shares[:_ARMS[0], pair, pair] = _TRUNK_SHARE
    hanging = tuple(CALIBRATION_STEPS.index(step) for step in ('arms_down', 'head'))
    for arm in _ARMS:
        shares[arm + 6:arm + 12] = _FOREARM_SHARE
        shares[arm:arm + 12, hanging, hanging[::-1]] = _HANGING_SHARE
    shares[list(_PLACE)] = 0.0
    shares[:, range(len(priors)), range(len(priors))] = 1.0
    roots = [_root(prior.between) for prior in priors]
    covariance = np.stack([
        np.concatenate([(mine * shares[:, i, j]) @ other.T for j, other in enumerate(roots)], 1)
        for i, mine in enumerate(roots)])
    size = POSTURE_SIZE * len(priors)
    return covariance.reshape(size, size) + _LEAST_VARIANCE * np.eye(size)


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric square root."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


@lru_cache(maxsize=1)
def load_priors() -> Mapping[str, PosturePrior]:
    """Return the shipped priors by step."""
    data = (resources.files('motion_avatar_ros') / 'trackers' / 'data' / _FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {
            step: PosturePrior(
                float(archive[f'{step}_height_m']),
                matrix_from_axis_angle(archive[f'{step}_rotations']),
                archive[f'{step}_between'].astype(float),
                archive[f'{step}_within'].astype(float),
            )
            for step in CALIBRATION_STEPS
        }
