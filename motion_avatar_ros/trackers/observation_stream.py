# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The sparse observation of live streams: differences and headings carried from call to call."""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.trackers.observation import SparseObservation, observe


class ObservationStream:
    """Observes S streams of N trackers, each continuing where its last call ended."""

    def __init__(self, streams: int, trackers: int) -> None:
        self._rotations = np.zeros((streams, trackers, 3, 3))
        self._positions = np.zeros((streams, trackers, 3))
        self._headings = np.zeros(streams)
        self._has_past = np.zeros(streams, dtype=bool)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all: its next frame stands still."""
        which = slice(None) if stream is None else stream
        self._has_past[which] = False
        self._headings[which] = 0.0

    def observe(self, rotations: np.ndarray, positions: np.ndarray) -> SparseObservation:
        """
        Observe the next T frames.

        Args:
            rotations: (S, T, N, 3, 3) in the z-up world, SMPL body axes; tracker 0 is the head.
            positions: (S, T, N, 3) [m] in the world, z = 0 on the floor.
        """
        has_past = self._has_past[:, None, None]
        previous = (
            np.where(has_past[..., None], self._rotations, rotations[:, 0]),
            np.where(has_past, self._positions, positions[:, 0]),
        )
        observation = observe(rotations, positions, previous, self._headings)
        # Copies: callers may fill the same arrays with the next frame.
        self._rotations = rotations[:, -1].copy()
        self._positions = positions[:, -1].copy()
        self._headings = observation.headings[:, -1]
        self._has_past[:] = True
        return observation
