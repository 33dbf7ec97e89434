# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Windows of motion, drawn at random from clips and varied (`AugmentationConfig`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.rotations import (
    matrix_from_6d, matrix_from_axis_angle, rotation_6d_from_matrix, rotation_about_z,
)
from motion_avatar_ros.body.skeleton import MIRRORED_JOINT, REST_OFFSETS_M
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS
from motion_avatar_ros.training.configuration import (
    AugmentationConfig, DataConfig, TrainingConfig,
)

#: Reflection through the body's (and, for the root, the world's) x = 0 plane.
_REFLECT = torch.tensor([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class WindowBatch:
    """
    B windows of T frames.

    Attributes:
        local_rotations: (B, T, 22, 3, 3), the truth.
        joint_positions: (B, T, 22, 3) [m] of the truth, in the world.
        offsets: (B, 1, 22, 3) [m] of each window's skeleton.
        tracker_rotations: (B, T, N, 3, 3) as observed, with noise.
        tracker_positions: (B, T, N, 3) [m] as observed, with noise.
    """

    local_rotations: Tensor
    joint_positions: Tensor
    offsets: Tensor
    tracker_rotations: Tensor
    tracker_positions: Tensor

    def to(self, device: torch.device | str) -> WindowBatch:
        """Copy to a device."""
        return WindowBatch(*(
            getattr(self, name).to(device, non_blocking=True)
            for name in self.__dataclass_fields__))


class MotionWindows:
    """Draws windows from clips; the same seed draws the same windows."""

    def __init__(
        self,
        clips: list[Path],
        sources: list[str],
        data: DataConfig,
        augmentation: AugmentationConfig,
        tracker_names: Sequence[str] = TRACKER_NAMES,
    ) -> None:
        """
        Load the clips.

        Args:
            clips: AMASS-style files.
            sources: the name of each clip's source, for `data.source_weights`.
            data: rate, window length, weights.
            augmentation: what varies.
            tracker_names: N trackers, the head first.
        """
        self._tracked = [TRACKER_JOINTS[name] for name in tracker_names]
        self._window = data.window_frames
        self._augmentation = augmentation
        poses, roots, weights = [], [], []
        for path, source in zip(clips, sources, strict=True):
            weight = 1.0 if data.source_weights is None else data.source_weights.get(source, 0.0)
            if weight <= 0.0:
                continue
            motion = load_motion(path).resampled(data.rate_hz)
            rotations = motion.poses.local_rotations
            poses.append(rotation_6d_from_matrix(rotations).astype(np.float32))
            roots.append(motion.poses.root_position.astype(np.float32))
            weights.append(weight * len(motion))
        if not poses:
            raise MotionAvatarError('no training clip has a source with a positive weight')
        self._lengths = np.array([len(root) for root in roots])
        self._starts = np.concatenate(([0], np.cumsum(self._lengths)[:-1]))
        self._poses_6d = torch.from_numpy(np.concatenate(poses))
        self._roots = torch.from_numpy(np.concatenate(roots))
        self._probability = np.array(weights) / np.sum(weights)

    @property
    def frames(self) -> int:
        """Number of frames of all clips together."""
        return int(self._lengths.sum())

    def draw(self, batch: int, rng: np.random.Generator) -> WindowBatch:
        """Draw `batch` windows."""
        vary = self._augmentation
        clips = rng.choice(len(self._lengths), batch, p=self._probability)
        speeds = rng.uniform(*vary.speed_range, batch)
        span = (self._window - 1) * speeds
        # A clip shorter than the window stands still at its end.
        first = rng.uniform(0.0, np.maximum(self._lengths[clips] - 1 - span, 0.0) + 1e-9)
        times = first[:, None] + speeds[:, None] * np.arange(self._window)
        times = np.minimum(times, self._lengths[clips, None] - 1.0)
        rotations, roots = self._interpolate(self._starts[clips, None], times)

        is_mirrored = torch.from_numpy(rng.random(batch) < vary.mirror_probability)
        if is_mirrored.any():
            rotations[is_mirrored] = mirrored(rotations[is_mirrored])
            roots[is_mirrored] = roots[is_mirrored] * _REFLECT
        yaw = rotation_about_z(_uniform(rng, (batch, 1), 0.0, 2.0 * np.pi))
        rotations[:, :, 0] = yaw @ rotations[:, :, 0]
        roots = (yaw @ roots[..., None])[..., 0]
        size = _uniform(rng, (batch, 1, 1), *vary.size_range)
        offsets = size[..., None] * torch.tensor(REST_OFFSETS_M, dtype=torch.float32)
        world_rotations, positions = forward_kinematics(rotations, size * roots, offsets)

        tracker_rotations, tracker_positions = self._with_noise(
            world_rotations[:, :, self._tracked], positions[:, :, self._tracked], rng)
        return WindowBatch(rotations, positions, offsets, tracker_rotations, tracker_positions)

    def _interpolate(self, starts: np.ndarray, times: np.ndarray) -> tuple[Tensor, Tensor]:
        """Sample between frames; they are 1/60 s apart, so 6D may be mixed linearly."""
        before = np.floor(times).astype(int)
        after = np.ceil(times).astype(int)
        fraction = torch.from_numpy(times - before).float()[..., None]
        before, after = torch.from_numpy(starts + before), torch.from_numpy(starts + after)
        roots = torch.lerp(self._roots[before], self._roots[after], fraction)
        poses_6d = torch.lerp(
            self._poses_6d[before], self._poses_6d[after], fraction[..., None])
        return matrix_from_6d(poses_6d), roots

    def _with_noise(
        self, rotations: Tensor, positions: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        vary = self._augmentation
        batch, frames, trackers = positions.shape[:3]
        each, whole = (batch, frames, trackers, 3), (batch, 1, trackers, 3)
        tilt = _normal(rng, each, vary.noise_rotation_rad)
        tilt = tilt + _normal(rng, whole, vary.bias_rotation_rad)
        shift = _normal(rng, each, vary.noise_position_m)
        floor = _normal(rng, (batch, 1, 1, 1), vary.height_offset_m)
        bias = (rotations @ _normal(rng, whole, vary.bias_position_m)[..., None])[..., 0]
        moved = positions + shift + bias
        moved[..., 2:] = moved[..., 2:] + floor
        turn = matrix_from_axis_angle(tilt.numpy())
        return rotations @ torch.from_numpy(turn).float(), moved


def training_windows(
    data: Path, splits: Mapping[str, list[Path]], config: TrainingConfig,
    tracker_names: Sequence[str] = TRACKER_NAMES,
) -> tuple[MotionWindows, MotionWindows]:
    """
    Load the clips of the splits 'train' and 'val', named relative to `data`.

    Returns:
        The training windows as configured; those of validation, which sees the motion as it is,
        of the fully weighted sources, in windows long enough for a full band.
    """
    sources = {
        split: [clip.relative_to(data).parts[0] for clip in clips]
        for split, clips in splits.items()
    }
    weights = config.data.source_weights or {}
    still = DataConfig(
        {source: 1.0 for source, weight in weights.items() if weight >= 1.0} or None,
        config.data.rate_hz, 3 * config.data.window_frames)
    return (
        MotionWindows(
            splits['train'], sources['train'], config.data, config.augmentation, tracker_names),
        MotionWindows(
            splits['val'], sources['val'], still, AugmentationConfig(), tracker_names))


def mirrored(local_rotations: Tensor) -> Tensor:
    """Exchange left and right of local rotations (..., 22, 3, 3), in a world mirrored in x."""
    swapped = local_rotations[..., list(MIRRORED_JOINT), :, :]
    return swapped * _REFLECT[:, None] * _REFLECT[None, :]


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    return torch.from_numpy(rng.uniform(low, high, shape)).float()


def _normal(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Tensor:
    return torch.from_numpy(deviation * rng.standard_normal(shape, dtype=np.float32))
