# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Estimators without a network, to measure the trained ones against.

They share the online interface (`OnlineEstimator`), see nothing but the trackers, and place the
body under the observed head. Their confidence is 0: they know nothing of their error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.rotations import rotation_about_z, transpose
from motion_avatar_ros.body.skeleton import JOINT_COUNT, TRACKED_JOINTS
from motion_avatar_ros.estimation.estimated_poses import EstimatedPoses, placed_under_head
from motion_avatar_ros.trackers.observation import (
    FEATURES_PER_TRACKER, TRACKER_NAMES, SparseObservation, observe,
)
from motion_avatar_ros.trackers.observation_stream import ObservationStream

_WIDTH = len(TRACKER_NAMES) * FEATURES_PER_TRACKER
_CONSTANT = 1e-6  # standard deviation up to which a feature says nothing


class TrivialEstimator(ABC):
    """The online interface around a pose chosen frame by frame."""

    name: str
    tracker_names: tuple[str, ...] = TRACKER_NAMES
    device = 'cpu'

    def __init__(self, rate_hz: float = 60.0, streams: int = 1) -> None:
        self.rate_hz = rate_hz
        self.streams = streams
        self._observations = ObservationStream(streams, len(TRACKER_NAMES))

    def warm_up(self) -> None:
        """Do nothing: there is nothing to load or compile."""

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        self._observations.reset(stream)

    def step(self, rotations: np.ndarray, positions: np.ndarray) -> EstimatedPoses:
        """Estimate the next frames, see `OnlineEstimator.step`."""
        observation = self._observations.observe(rotations, positions)
        local_rotations = self._relative_poses(observation.features).copy()
        local_rotations[..., 0, :, :] = (
            rotation_about_z(observation.headings) @ local_rotations[..., 0, :, :])
        return EstimatedPoses(
            placed_under_head(local_rotations, observation.head_positions),
            np.zeros((*observation.headings.shape, 2)),
        )

    @abstractmethod
    def _relative_poses(self, features: np.ndarray) -> np.ndarray:
        """Return (S, T, 22, 3, 3), root relative to the head's heading, for (S, T, N, 18)."""


class ConstantPose(TrivialEstimator):
    """The same pose always, turned with the head."""

    def __init__(
        self, name: str, relative_pose: np.ndarray, rate_hz: float = 60.0, streams: int = 1
    ) -> None:
        """Take the pose, (22, 3, 3), its root relative to the head's heading."""
        super().__init__(rate_hz, streams)
        self.name = name
        self._pose = relative_pose

    def _relative_poses(self, features: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self._pose, (*features.shape[:2], JOINT_COUNT, 3, 3))


class NearestNeighbour(TrivialEstimator):
    """The pose of the database frame whose features, z-scored, are nearest."""

    name = 'nearest_neighbour'

    def __init__(
        self,
        motions: Iterable[Motion],
        rate_hz: float = 60.0,
        streams: int = 1,
        stride: int = 10,
        max_frames: int = 40_000,
    ) -> None:
        """
        Fill the database.

        Args:
            motions: at `rate_hz`.
            rate_hz: frames per second.
            streams: streams that run in parallel.
            stride: every how many frames of a motion one is kept.
            max_frames: with more than these, they are thinned out evenly.
        """
        super().__init__(rate_hz, streams)
        features, poses = [], []
        for motion in motions:
            observation = observe(*tracked_joints(motion))
            features.append(observation.features[::stride].reshape(-1, _WIDTH))
            poses.append(_relative_rotations(motion, observation)[::stride])
        thinning = -(-sum(map(len, poses)) // max_frames)
        database = np.concatenate(features)[::thinning]
        self._poses = np.concatenate(poses)[::thinning]
        self._mean = database.mean(axis=0)
        deviation = database.std(axis=0)
        self._scale = np.where(
            deviation > _CONSTANT, 1.0 / np.maximum(deviation, _CONSTANT), 0.0)
        self._database = (database - self._mean) * self._scale
        self._half_squares = 0.5 * (self._database ** 2).sum(axis=1)

    def __len__(self) -> int:
        return len(self._poses)

    def _relative_poses(self, features: np.ndarray) -> np.ndarray:
        query = (features.reshape(-1, _WIDTH) - self._mean) * self._scale
        # argmin |d - q|^2 = argmin |d|^2 / 2 - d.q
        nearest = np.argmin(self._half_squares - query @ self._database.T, axis=1)
        return self._poses[nearest].reshape(*features.shape[:2], JOINT_COUNT, 3, 3)


def rest_pose(rate_hz: float = 60.0, streams: int = 1) -> ConstantPose:
    """Return SMPL's rest pose, upright under the head and facing where it heads."""
    pose = np.broadcast_to(np.eye(3), (JOINT_COUNT, 3, 3)).copy()
    pose[0] = ROS_FROM_SMPL  # at heading 0 a body faces along x
    return ConstantPose('rest_pose', pose, rate_hz, streams)


def mean_pose(
    motions: Iterable[Motion], rate_hz: float = 60.0, streams: int = 1
) -> ConstantPose:
    """Return the chordal mean of all frames' local rotations, root relative to the heading."""
    total = sum(
        _relative_rotations(motion, observe(*tracked_joints(motion))).sum(axis=0)
        for motion in motions)
    u, _, vt = np.linalg.svd(total)
    u[..., -1] *= np.linalg.det(u @ vt)[..., None]  # the nearest rotation, not a reflection
    return ConstantPose('mean_pose', u @ vt, rate_hz, streams)


def tracked_joints(motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Return the trackers of a motion: rotations (T, 3, 3, 3) and positions (T, 3, 3) [m]."""
    rotations, positions = motion.poses.global_joints()
    return rotations[:, TRACKED_JOINTS], positions[:, TRACKED_JOINTS]


def _relative_rotations(motion: Motion, observation: SparseObservation) -> np.ndarray:
    relative = motion.poses.local_rotations.copy()
    relative[:, 0] = transpose(rotation_about_z(observation.headings)) @ relative[:, 0]
    return relative
