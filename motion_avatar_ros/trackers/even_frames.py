# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Frames lost on the way, filled in for an estimator that takes time steps for granted.

A network sees displacements per frame. Where a frame is missing, the next one would show twice
the speed, and the network's memory would be wrong for as long as it lasts. Missing frames are
interpolated between the two around them; they are for the estimator alone and no output.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.rotations import slerp
from motion_avatar_ros.trackers.timeline import AlignedFrames

_LOST = 1.5  # periods between two stamps from which on a frame is missing


@dataclass(frozen=True)
class FilledFrames:
    """
    Frames at even steps, oldest first.

    Attributes:
        rotations: (T, N, 3, 3) in the z-up world, SMPL body axes.
        positions: (T, N, 3) [m] in the world.
        is_given: (T,) whether a frame was given or filled in.
    """

    rotations: np.ndarray
    positions: np.ndarray
    is_given: np.ndarray


class EvenFrames:
    """Fills what is missing between the frames of one stream, also from call to call."""

    def __init__(self, rate_hz: float) -> None:
        """Take the estimator's rate."""
        self._period_ns = 1e9 / rate_hz
        self._last: tuple[int, np.ndarray, np.ndarray] | None = None
        self.filled = 0

    def fill(self, frames: AlignedFrames) -> FilledFrames:
        """Return the frames with the missing ones; a restart continues nothing."""
        last = None if frames.is_restart else self._last
        stamps = frames.stamps_ns.tolist()
        self._last = stamps[-1], frames.rotations[-1], frames.positions[-1]
        before = [last[0] if last else stamps[0], *stamps[:-1]]
        missing = [
            round((stamp - earlier) / self._period_ns) - 1
            if stamp - earlier > _LOST * self._period_ns else 0
            for earlier, stamp in zip(before, stamps, strict=True)]
        if not any(missing):
            return FilledFrames(frames.rotations, frames.positions, np.ones(len(stamps), bool))

        rotations, positions, is_given = [], [], []
        for slot, count in enumerate(missing):
            rotation, position = frames.rotations[slot], frames.positions[slot]
            if count:
                start = (frames.rotations[slot - 1], frames.positions[slot - 1]) if slot else (
                    last[1:] if last else (rotation, position))
                fractions = np.arange(1, count + 1) / (count + 1)
                rotations.append(slerp(
                    start[0][None], np.repeat(rotation[None], count, axis=0),
                    fractions[:, None]))
                positions.append(
                    start[1] + fractions[:, None, None] * (position - start[1]))
                is_given += [False] * count
            rotations.append(rotation[None])
            positions.append(position[None])
            is_given.append(True)
        self.filled += sum(missing)
        return FilledFrames(
            np.concatenate(rotations), np.concatenate(positions), np.array(is_given))
