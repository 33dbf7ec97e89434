# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Trackers that are less than perfect: noise in every frame, and what a calibration leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import apply, matrix_from_axis_angle
from motion_avatar_ros.training.online_evaluation import TrueTrackers


@dataclass(frozen=True)
class TrackerDisturbance:
    """
    Sizes of what disturbs each tracker.

    Attributes:
        noise_m, noise_rad: standard deviation per axis of white noise.
        offset_m, offset_rad: length of an offset that stays for a clip, of random direction in
            the tracker's axes, and angle of a turn about a random axis.
        seed: of all randomness.
    """

    noise_m: float = 0.0
    noise_rad: float = 0.0
    offset_m: float = 0.0
    offset_rad: float = 0.0
    seed: int = 0

    @property
    def is_none(self) -> bool:
        """Whether nothing is disturbed."""
        return not (self.noise_m or self.noise_rad or self.offset_m or self.offset_rad)


class DisturbedTrackers:
    """The poses of the tracked joints, disturbed; the same for a clip whenever it is asked for."""

    def __init__(self, disturbance: TrackerDisturbance, tracker_names: Sequence[str]) -> None:
        self._disturbance = disturbance
        self._true = TrueTrackers(tracker_names)

    def __call__(self, clip: int, poses: BodyPose) -> tuple[np.ndarray, np.ndarray]:
        """Return rotations (T, N, 3, 3), SMPL body axes, and positions (T, N, 3) [m]."""
        rotations, positions = self._true(clip, poses)
        disturbance = self._disturbance
        rng = np.random.default_rng((disturbance.seed, clip))
        directions = rng.standard_normal((2, positions.shape[1], 3))
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        noise = rng.standard_normal((2, *positions.shape))
        positions = positions + apply(rotations, disturbance.offset_m * directions[0])
        rotations = rotations @ matrix_from_axis_angle(disturbance.offset_rad * directions[1])
        return (
            rotations @ matrix_from_axis_angle(disturbance.noise_rad * noise[1]),
            positions + disturbance.noise_m * noise[0])
