# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
An estimator whose poses go through a One-Euro filter (Casiez, Roussel and Vogel, CHI 2012).

What a user would do to a model that trembles, and the price of it in lag. Each joint's local
rotation, and the root's in the world, moves along the arc to the new one by a share that rises
with its angular speed; the pose is then placed so that its head is where it was. Confidence
passes as it is. A stream that was reset starts with its next pose unfiltered.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, matrix_from_axis_angle, transpose,
)
from motion_avatar_ros.body.skeleton import HEAD, JOINT_COUNT
from motion_avatar_ros.estimation.estimated_poses import (
    EstimatedPoses, OnlineEstimator, placed_under_head,
)


@dataclass(frozen=True)
class PoseSmoothing:
    """
    How much a pose is smoothed.

    Attributes:
        min_cutoff_hz: cutoff of a joint at rest; lower trembles less and lags more.
        beta: how much the cutoff rises with the joint's angular speed [Hz per rad/s].
        derivative_cutoff_hz: cutoff of that speed; the authors' 1 Hz.
    """

    min_cutoff_hz: float = 9.0
    beta: float = 0.5
    derivative_cutoff_hz: float = 1.0


class OneEuroEstimator:
    """An estimator, and a filter behind it."""

    def __init__(self, estimator: OnlineEstimator, smoothing: PoseSmoothing) -> None:
        self.name = f'{estimator.name}+one_euro'
        self.rate_hz = estimator.rate_hz
        self.tracker_names = estimator.tracker_names
        self.streams = estimator.streams
        self._estimator = estimator
        self._filter = PoseFilter(smoothing, estimator.rate_hz, estimator.streams)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._estimator.reset(stream)
        self._filter.reset(stream)

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        """
        Estimate the next frames.

        Args:
            rotations: (S, T, N, 3, 3) of the trackers in the z-up world, SMPL body axes.
            positions: (S, T, N, 3) [m] in the world, z = 0 on the floor.
        """
        estimated = self._estimator.step(rotations, positions)
        head = estimated.poses.global_joints()[1][..., HEAD, :]
        smooth = np.stack([
            self._filter.filter(frame)
            for frame in estimated.poses.local_rotations.swapaxes(0, 1)], axis=1)
        return EstimatedPoses(placed_under_head(smooth, head), estimated.confidence)


class PoseFilter:
    """The filter of S streams of local rotations."""

    def __init__(self, smoothing: PoseSmoothing, rate_hz: float, streams: int) -> None:
        # Angular frequencies times the time of a frame: alpha = w / (1 + w) of a cutoff w.
        turn = 2.0 * math.pi / rate_hz
        self._cutoff = turn * smoothing.min_cutoff_hz
        self._beta = turn * smoothing.beta
        share = turn * smoothing.derivative_cutoff_hz
        self._share = share / (1.0 + share)
        self._rate_hz = rate_hz
        self._raw = np.tile(np.eye(3), (streams, JOINT_COUNT, 1, 1))
        self._smooth = self._raw.copy()
        self._velocity_rad_s = np.zeros((streams, JOINT_COUNT, 3))
        self._has_past = np.zeros(streams, dtype=bool)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._has_past[slice(None) if stream is None else stream] = False

    def filter(self, rotations: np.ndarray) -> np.ndarray:
        """Return the next frame (S, 22, 3, 3) smoothed."""
        starts = ~self._has_past
        self._raw[starts] = self._smooth[starts] = rotations[starts]
        self._velocity_rad_s[starts] = 0.0
        self._has_past[:] = True
        # Turns in the parent's axes: there an angular velocity can be averaged over frames.
        turn = axis_angle_from_matrix(rotations @ transpose(self._raw))
        self._velocity_rad_s += self._share * (turn * self._rate_hz - self._velocity_rad_s)
        speed = np.linalg.norm(self._velocity_rad_s, axis=-1, keepdims=True)
        alpha = self._cutoff + self._beta * speed
        alpha /= 1.0 + alpha
        self._raw = rotations.copy()
        arc = axis_angle_from_matrix(rotations @ transpose(self._smooth))
        self._smooth = matrix_from_axis_angle(alpha * arc) @ self._smooth
        return self._smooth.copy()
