# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What devices report that an operator of some size wears with some offsets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from motion_avatar_ros.body.axes import ROS_FROM_SMPL
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.trackers.calibration import TrackerOffset
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.timeline import AlignedFrames
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS


@dataclass(frozen=True)
class Wearer:
    """
    An operator.

    Attributes:
        scale: size relative to the model's body.
        yaw_rad, place_m: where they stand and face in the fixed frame, floor height included.
        offsets: of the joints in the devices' frames, by tracker.
        position_m, rotation_rad: standard deviation of white noise, per axis.
    """

    scale: float = 1.0
    yaw_rad: float = 0.0
    place_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    offsets: dict[str, TrackerOffset] = field(default_factory=dict)
    position_m: float = 0.0
    rotation_rad: float = 0.0


def device_poses(
    motion: Motion, wearer: Wearer = Wearer(), names: Sequence[str] = TRACKER_NAMES, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return rotations (T, N, 3, 3), SMPL body axes, and positions (T, N, 3) of the devices."""
    rng = np.random.default_rng(seed)
    joint_rotations, joint_positions = motion.poses.global_joints()
    turn = Rotation.from_euler('z', wearer.yaw_rad).as_matrix()
    rotations, positions = [], []
    for name in names:
        offset = wearer.offsets.get(name, TrackerOffset())
        joint = TRACKER_JOINTS[name]
        rotation = turn @ joint_rotations[:, joint] @ ROS_FROM_SMPL.T @ Rotation.from_quat(
            offset.quaternion_xyzw).as_matrix().T
        position = wearer.scale * joint_positions[:, joint] @ turn.T + wearer.place_m
        positions.append(position - rotation @ np.array(offset.position_m))
        rotations.append(rotation)
    shape = (len(positions[0]), len(names), 3)
    shake = Rotation.from_rotvec(
        rng.normal(0.0, 1.0, shape).reshape(-1, 3) * wearer.rotation_rad).as_matrix()
    return (
        np.stack(rotations, axis=1) @ shake.reshape(*shape, 3) @ ROS_FROM_SMPL,
        np.stack(positions, axis=1) + rng.normal(0.0, 1.0, shape) * wearer.position_m)


def as_frames(
    rotations: np.ndarray, positions: np.ndarray, rate_hz: float = 60.0, start_s: float = 100.0,
    chunk: int = 1,
) -> Iterator[AlignedFrames]:
    """Yield device poses as a timeline gives them, `chunk` frames at a time."""
    stamps_ns = np.round(1e9 * (start_s + np.arange(len(positions)) / rate_hz)).astype(np.int64)
    for first in range(0, len(positions), chunk):
        part = slice(first, first + chunk)
        yield AlignedFrames(
            stamps_ns[part], rotations[part], positions[part],
            np.isfinite(positions[part]).all(axis=-1), is_restart=first == 0, dropped=0)
