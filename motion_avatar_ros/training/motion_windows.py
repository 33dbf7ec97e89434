# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Windows of motion, drawn at random from clips and varied (`AugmentationConfig`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.kinematics import forward_kinematics
from motion_avatar_ros.body.motion import load_motion
from motion_avatar_ros.body.rotations import (
    matrix_from_6d, matrix_from_vector, rotation_6d_from_matrix, rotation_about_z,
)
from motion_avatar_ros.body.skeleton import (
    JOINT_COUNT, LEFT_WRIST, MIRRORED_JOINT, REST_OFFSETS_M, RIGHT_WRIST,
)
from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import TRACKER_JOINTS
from motion_avatar_ros.training.configuration import (
    AugmentationConfig, DataConfig, TrainingConfig,
)


@dataclass(frozen=True)
class WindowBatch:
    """
    B windows of T frames.

    Attributes:
        local_rotations: (B, T, 22, 3, 3), the truth.
        global_rotations: (B, T, 22, 3, 3) of the truth, in the world.
        joint_positions: (B, T, 22, 3) [m] of the truth, in the world.
        offsets: (B, 1, 22, 3) [m] of each window's skeleton.
        tracker_rotations: (B, T, N, 3, 3) as observed, with noise.
        tracker_positions: (B, T, N, 3) [m] as observed, with noise.
    """

    local_rotations: Tensor
    global_rotations: Tensor
    joint_positions: Tensor
    offsets: Tensor
    tracker_rotations: Tensor
    tracker_positions: Tensor

    def frames(self, which: slice) -> WindowBatch:
        """Return some of the frames of each window."""
        return WindowBatch(
            self.local_rotations[:, which], self.global_rotations[:, which],
            self.joint_positions[:, which], self.offsets, self.tracker_rotations[:, which],
            self.tracker_positions[:, which])


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

    def of_length(self, frames: int) -> MotionWindows:
        """Return the same clips, drawn in windows of so many frames."""
        other = copy(self)
        other._window = frames
        return other

    @property
    def frames(self) -> int:
        """Number of frames of all clips together."""
        return int(self._lengths.sum())

    def draw(
        self, batch: int, rng: np.random.Generator, device: torch.device | str = 'cpu'
    ) -> WindowBatch:
        """Draw `batch` windows, on a device; what is drawn does not depend on it."""
        vary = self._augmentation
        poses_6d, roots = self._on(torch.device(device))
        random = _Random(rng, roots.device)
        clips = rng.choice(len(self._lengths), batch, p=self._probability)
        speeds = rng.uniform(*vary.speed_range, batch)
        span = (self._window - 1) * speeds
        # A clip shorter than the window stands still at its end.
        first = rng.uniform(0.0, np.maximum(self._lengths[clips] - 1 - span, 0.0) + 1e-9)
        times = first[:, None] + speeds[:, None] * np.arange(self._window)
        times = np.minimum(times, self._lengths[clips, None] - 1.0)
        before = np.floor(times).astype(int)
        # Frames are 1/60 s apart, so 6D may be mixed linearly.
        fraction = random.put((times - before).astype(np.float32))[..., None]
        starts = self._starts[clips, None]
        earlier = random.put(starts + before)
        later = random.put(starts + np.ceil(times).astype(int))
        roots = torch.lerp(roots[earlier], roots[later], fraction)
        rotations = matrix_from_6d(
            torch.lerp(poses_6d[earlier], poses_6d[later], fraction[..., None]))

        is_mirrored = random.put(rng.random(batch) < vary.mirror_probability)[:, None, None]
        rotations = torch.where(is_mirrored[..., None, None], mirrored(rotations), rotations)
        roots = torch.where(is_mirrored, roots * _reflection(roots.device), roots)
        yaw = rotation_about_z(random.uniform((batch, 1), 0.0, 2.0 * np.pi))
        rotations[:, :, 0] = yaw @ rotations[:, :, 0]
        roots = (yaw @ roots[..., None])[..., 0]
        if vary.bias_joint_rad or vary.bias_wrist_rad:
            rotations = rotations @ matrix_from_vector(self._joint_bias(batch, random))
        size = random.uniform((batch, 1, 1), *vary.size_range)
        offsets = size[..., None] * random.put(REST_OFFSETS_M.astype(np.float32))
        world_rotations, positions = forward_kinematics(rotations, size * roots, offsets)

        tracker_rotations, tracker_positions = self._with_noise(
            torch.stack([world_rotations[:, :, joint] for joint in self._tracked], dim=2),
            torch.stack([positions[:, :, joint] for joint in self._tracked], dim=2), random)
        return WindowBatch(
            rotations, world_rotations, positions, offsets, tracker_rotations,
            tracker_positions)

    def _on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Move poses and roots to the device for good."""
        if self._roots.device != device:
            self._poses_6d, self._roots = self._poses_6d.to(device), self._roots.to(device)
        return self._poses_6d, self._roots

    def _joint_bias(self, batch: int, random: _Random) -> Tensor:
        """Draw rotation vectors (B, 1, 22, 3) in the joints' own axes."""
        deviations = np.full(JOINT_COUNT, self._augmentation.bias_joint_rad)
        deviations[[LEFT_WRIST, RIGHT_WRIST]] = self._augmentation.bias_wrist_rad
        return random.normal((batch, 1, JOINT_COUNT, 3), 1.0) * random.put(
            deviations.astype(np.float32))[:, None]

    def _with_noise(
        self, rotations: Tensor, positions: Tensor, random: _Random
    ) -> tuple[Tensor, Tensor]:
        vary = self._augmentation
        batch, frames, trackers = positions.shape[:3]
        each, whole = (batch, frames, trackers, 3), (batch, 1, trackers, 3)
        tilt = random.normal(each, vary.noise_rotation_rad)
        tilt = tilt + random.normal(whole, vary.bias_rotation_rad)
        shift = random.normal(each, vary.noise_position_m)
        floor = random.normal((batch, 1, 1, 1), vary.height_offset_m)
        bias = (rotations @ random.normal(whole, vary.bias_position_m)[..., None])[..., 0]
        moved = positions + shift + bias
        moved[..., 2:] = moved[..., 2:] + floor
        return rotations @ matrix_from_vector(tilt), moved


def training_windows(
    data: Path, splits: Mapping[str, list[Path]], config: TrainingConfig,
    tracker_names: Sequence[str] = TRACKER_NAMES,
) -> tuple[MotionWindows, MotionWindows]:
    """
    Load the clips of the splits 'train' and 'val', named relative to `data`.

    Returns:
        The training windows as configured; those of validation, which sees the motion as it is,
        of the fully weighted sources.
    """
    sources = {
        split: [clip.relative_to(data).parts[0] for clip in clips]
        for split, clips in splits.items()
    }
    weights = config.data.source_weights or {}
    still = DataConfig(
        {source: 1.0 for source, weight in weights.items() if weight >= 1.0} or None,
        config.data.rate_hz, config.data.validation_frames)
    return (
        MotionWindows(
            splits['train'], sources['train'], config.data, config.augmentation, tracker_names),
        MotionWindows(
            splits['val'], sources['val'], still, AugmentationConfig(), tracker_names))


def mirrored(local_rotations: Tensor) -> Tensor:
    """Exchange left and right of local rotations (..., 22, 3, 3), in a world mirrored in x."""
    swapped = torch.stack(
        [local_rotations[..., joint, :, :] for joint in MIRRORED_JOINT], dim=-3)
    reflect = _reflection(local_rotations.device)
    return swapped * reflect[:, None] * reflect[None, :]


@lru_cache
def _reflection(device: torch.device) -> Tensor:
    """Return the reflection through the body's (and, for the root, the world's) x = 0 plane."""
    return torch.tensor([-1.0, 1.0, 1.0], device=device)


class _Random:
    """Numpy's numbers on a device."""

    def __init__(self, rng: np.random.Generator, device: torch.device) -> None:
        self._rng = rng
        self._device = device

    def put(self, values: np.ndarray) -> Tensor:
        """Copy without waiting for the device."""
        tensor = torch.from_numpy(values)
        if self._device.type == 'cuda':
            tensor = tensor.pin_memory()
        return tensor.to(self._device, non_blocking=True)

    def uniform(self, shape: tuple[int, ...], low: float, high: float) -> Tensor:
        return self.put(self._rng.uniform(low, high, shape).astype(np.float32))

    def normal(self, shape: tuple[int, ...], deviation: float) -> Tensor:
        return deviation * self.put(self._rng.standard_normal(shape, dtype=np.float32))
