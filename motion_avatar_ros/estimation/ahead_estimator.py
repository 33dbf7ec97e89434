# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
An estimator whose poses are for a moment ahead, to make up for the time that a pose takes.

Every joint goes on turning, and the root moving, as it did lately; the speed fades with the
time looked ahead, so that what stops is not thrown far beyond. It is bounded three ways: by the
time, by the speeds that are believed of each single frame, and by the fading. Where a tracker is
lost or returns the pose steps because others are followed, not because anybody moved: that one
step counts as none. Figures, and what else was tried: docs/latency_compensation.md.
"""

from __future__ import annotations

import math

import numpy as np

from motion_avatar_ros.body.pose import BodyPose
from motion_avatar_ros.body.rotations import (
    axis_angle_from_matrix, matrix_from_axis_angle, transpose,
)
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses, OnlineEstimator

MAX_AHEAD_S = 0.06
_SMOOTHING_S = 0.045  # time constant of the speeds; less is closer and trembles more
_FADING_S = 0.2  # time constant of a speed into the future
_MAX_TURN_RAD_S = 20.0
_MAX_MOVE_M_S = 4.0


class AheadError(MotionAvatarError):
    """A time ahead that is not allowed."""

    def __init__(self, ahead_s: float):
        super().__init__(
            f'poses {1e3 * ahead_s:g} ms ahead; allowed: 0 to {1e3 * MAX_AHEAD_S:g} ms')


class AheadEstimator:
    """An estimator, and a prediction of its poses."""

    def __init__(self, estimator: OnlineEstimator, ahead_s: float) -> None:
        """Wrap an estimator; AheadError unless 0 <= ahead_s <= MAX_AHEAD_S."""
        if not 0.0 <= ahead_s <= MAX_AHEAD_S:
            raise AheadError(ahead_s)
        self.name = f'{estimator.name}+{1e3 * ahead_s:g}ms'
        self.rate_hz = estimator.rate_hz
        self.tracker_names = estimator.tracker_names
        self.streams = estimator.streams
        self._estimator = estimator
        self._rotations = _Trend(
            (estimator.streams, JOINT_COUNT, 3), self.rate_hz, ahead_s, _MAX_TURN_RAD_S)
        self._root = _Trend((estimator.streams, 3), self.rate_hz, ahead_s, _MAX_MOVE_M_S)
        self._last_local = np.tile(np.eye(3), (estimator.streams, JOINT_COUNT, 1, 1))
        self._last_root = np.zeros((estimator.streams, 3))
        self._last_there = np.zeros((estimator.streams, len(estimator.tracker_names)), dtype=bool)
        self._has_past = np.zeros(estimator.streams, dtype=bool)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._estimator.reset(stream)
        self._has_past[slice(None) if stream is None else stream] = False

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        """
        Estimate the next frames, each `ahead_s` after the trackers it is estimated from.

        Args:
            rotations: (S, T, N, 3, 3) of the trackers in the z-up world, SMPL body axes.
            positions: (S, T, N, 3) [m] in the world, z = 0 on the floor; NaN where one is absent.
        """
        estimated = self._estimator.step(rotations, positions)
        is_there = ~np.isnan(positions[..., 0])
        frames = [
            self._ahead(estimated.poses[:, frame], is_there[:, frame])
            for frame in range(rotations.shape[1])]
        return EstimatedPoses(
            BodyPose(
                np.stack([pose.local_rotations for pose in frames], axis=1),
                np.stack([pose.root_position for pose in frames], axis=1)),
            estimated.confidence)

    def _ahead(self, pose: BodyPose, is_there: np.ndarray) -> BodyPose:
        """Predict one frame, (S, 22, 3, 3), of which trackers (S, N) were there."""
        local, root = pose.local_rotations, pose.root_position
        starts = ~self._has_past
        is_step = starts | (is_there != self._last_there).any(axis=-1)
        self._last_local[starts] = local[starts]
        self._last_root[starts] = root[starts]
        # Turns in the parent's axes: there an angular velocity can be averaged over frames.
        turn = axis_angle_from_matrix(local @ transpose(self._last_local))
        move = root - self._last_root
        turn[is_step], move[is_step] = 0.0, 0.0
        self._last_local, self._last_root = local.copy(), root.copy()
        self._last_there = is_there
        self._has_past[:] = True
        return BodyPose(
            matrix_from_axis_angle(self._rotations.next(turn, starts)) @ local,
            root + self._root.next(move, starts))


class _Trend:
    """How far vectors (S, ..., 3) will go, from how far they went in each frame."""

    def __init__(
        self, shape: tuple[int, ...], rate_hz: float, ahead_s: float, max_speed: float
    ) -> None:
        self._speed = np.zeros(shape)  # per s
        self._share = 1.0 - math.exp(-1.0 / (rate_hz * _SMOOTHING_S))
        self._rate_hz = rate_hz
        self._reach_s = _FADING_S * (1.0 - math.exp(-ahead_s / _FADING_S))
        self._max_speed = max_speed

    def next(self, went: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Return the way ahead; streams (S,) that start go nowhere yet."""
        speed = went * self._rate_hz
        length = np.linalg.norm(speed, axis=-1, keepdims=True)
        # Before the mean: else a single step far beyond what is believed would fill it at once.
        speed *= np.minimum(1.0, self._max_speed / np.maximum(length, 1e-9))
        self._speed += self._share * (speed - self._speed)
        self._speed[starts] = 0.0
        return self._reach_s * self._speed
