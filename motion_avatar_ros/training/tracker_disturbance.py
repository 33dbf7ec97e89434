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

_DROPOUT_FRAMES = (6, 121)  # 0.1 to 2 s at 60 Hz


@dataclass(frozen=True)
class TrackerDisturbance:
    """
    Sizes of what disturbs each tracker.

    Attributes:
        noise_m, noise_rad: standard deviation per axis of white noise.
        offset_m, offset_rad: length of an offset that stays for a clip, of random direction in
            the tracker's axes, and angle of a turn about a random axis.
        dropout_share: part of the time for which each tracker but the head is lost, in stretches
            of 0.1 to 2 s.
        seed: of all randomness.
    """

    noise_m: float = 0.0
    noise_rad: float = 0.0
    offset_m: float = 0.0
    offset_rad: float = 0.0
    dropout_share: float = 0.0
    seed: int = 0

    @property
    def is_none(self) -> bool:
        """Whether nothing is disturbed."""
        return not (self.noise_m or self.noise_rad or self.offset_m or self.offset_rad
                    or self.dropout_share)


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
        rotations = rotations @ matrix_from_axis_angle(disturbance.noise_rad * noise[1])
        positions = positions + disturbance.noise_m * noise[0]
        for slot in range(1, positions.shape[1]):
            lost = _lost_frames(len(positions), disturbance.dropout_share, rng)
            rotations[lost, slot], positions[lost, slot] = np.nan, np.nan
        return rotations, positions


def _lost_frames(frames: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Draw stretches of lost frames, (T,) bool."""
    lost = np.zeros(frames, dtype=bool)
    if share == 0.0:
        return lost
    present = np.mean(_DROPOUT_FRAMES) * (1.0 - share) / share
    frame = int(rng.exponential(present))
    while frame < frames:
        length = int(rng.integers(*_DROPOUT_FRAMES))
        lost[frame:frame + length] = True
        frame += length + int(rng.exponential(present))
    return lost
