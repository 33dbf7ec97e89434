# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Frames lost on the way, filled in for an estimator that takes time steps for granted.

A network sees displacements per frame. Where a frame is missing, the next one would show twice
the speed, and the network's memory would be wrong for as long as it lasts. Missing frames are
interpolated between the two around them; they are for the estimator alone and no output. A
tracker has a pose in them where it has one on both sides.
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
        is_valid: (T, N) whether a tracker has a pose; NaN where it has none.
        is_given: (T,) whether a frame was given or filled in.
    """

    rotations: np.ndarray
    positions: np.ndarray
    is_valid: np.ndarray
    is_given: np.ndarray


class EvenFrames:
    """Fills what is missing between the frames of one stream, also from call to call."""

    def __init__(self, rate_hz: float) -> None:
        """Take the estimator's rate."""
        self._period_ns = 1e9 / rate_hz
        self._last: tuple[int, np.ndarray, np.ndarray, np.ndarray] | None = None
        self.filled = 0

    def fill(self, frames: AlignedFrames, may_fill_dropped: bool = True) -> FilledFrames:
        """
        Return the frames with the missing ones; a restart continues nothing.

        Args:
            frames: the next ones.
            may_fill_dropped: whether the gap before them is filled when frames were dropped
                there. An estimator that is too slow drops them to catch up, which it never
                does when it is given others instead.
        """
        last = None if frames.is_restart else self._last
        stamps = frames.stamps_ns.tolist()
        self._last = stamps[-1], frames.rotations[-1], frames.positions[-1], frames.is_valid[-1]
        before = [last[0] if last else stamps[0], *stamps[:-1]]
        missing = [
            round((stamp - earlier) / self._period_ns) - 1
            if stamp - earlier > _LOST * self._period_ns else 0
            for earlier, stamp in zip(before, stamps, strict=True)]
        if frames.dropped and not may_fill_dropped:
            missing[0] = 0
        if not any(missing):
            return FilledFrames(
                frames.rotations, frames.positions, frames.is_valid, np.ones(len(stamps), bool))
        self.filled += sum(missing)

        parts = []
        for slot, count in enumerate(missing):
            given = frames.rotations[slot], frames.positions[slot], frames.is_valid[slot]
            if count:
                start = (
                    frames.rotations[slot - 1], frames.positions[slot - 1],
                    frames.is_valid[slot - 1]) if slot else (last or (0, *given))[1:]
                parts.append((*_between(start, given, count), np.zeros(count, bool)))
            parts.append((*(values[None] for values in given), np.ones(1, bool)))
        return FilledFrames(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _between(
    start: tuple[np.ndarray, np.ndarray, np.ndarray],
    end: tuple[np.ndarray, np.ndarray, np.ndarray],
    count: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rotations, positions and validity of `count` frames between two."""
    is_valid = start[2] & end[2]
    trackers = len(is_valid)
    rotations = np.full((count, trackers, 3, 3), np.nan)
    positions = np.full((count, trackers, 3), np.nan)
    fractions = np.arange(1, count + 1)[:, None] / (count + 1)
    rotations[:, is_valid] = slerp(
        start[0][None, is_valid], np.repeat(end[0][None, is_valid], count, axis=0), fractions)
    positions[:, is_valid] = start[1][is_valid] + fractions[..., None] * (
        end[1][is_valid] - start[1][is_valid])
    return rotations, positions, np.repeat(is_valid[None], count, axis=0)
