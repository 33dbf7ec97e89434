# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MAGE's sampler over a whole recording: overlapping windows side by side, for offline use.

As BoDiffusion (arXiv 2304.11118) and MAGE generate long motions: all windows are denoised at
once, and after each step of the sampler they agree on the frames they share. A window begins
with no past, so it has no say in the first half of an overlap, and fades in over the second.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import matrix_from_6d, rotation_6d_from_matrix
from motion_avatar_ros.diffusion.ddim import ddim_step
from motion_avatar_ros.estimation.mage_sampler import MageSampler
from motion_avatar_ros.estimation.window_overlap import WindowError, WindowOverlap
from motion_avatar_ros.networks.mage import MageNetwork, MageOutput, MagePose
from motion_avatar_ros.networks.mage_denoiser import DenoiserState

_WINDOWS_AT_ONCE = 64


class OverlappingSampler(MageSampler):
    """A sampler of whole recordings; it keeps no past, so each call begins anew."""

    def __init__(
        self, network: MageNetwork, steps: int, seed: int, device: torch.device,
        windows: WindowOverlap,
    ) -> None:
        """As MageSampler; WindowError where a window is shorter than the network's band."""
        if windows.frames < network.config.band:
            raise WindowError(
                f'windows of {windows.frames} frames; allowed with this model: at least its '
                f'band of {network.config.band}')
        super().__init__(network, steps, seed, device)
        self._windows = windows

    def sample(
        self, features: Tensor, states: list[DenoiserState]
    ) -> tuple[MagePose, dict[int, Tensor], list[DenoiserState]]:
        """
        Sample a whole recording; the states pass as they are.

        Args:
            features: (S, T, trackers, 18), NaN where a tracker is absent.
            states: ignored.
        """
        whole = features.shape[1]
        starts = self._windows.starts(whole)
        frames = min(self._windows.frames, whole)
        blend = _Blend(starts, frames, whole, self._windows.overlap, features)
        cut = blend.cut(features)
        recovered: dict[int, Tensor] = {}
        given: Tensor | None = None
        pose: MagePose | None = None
        for phase, noise in enumerate(self.noises):
            noisy = noise.expand(len(features), whole, -1)
            for number, timestep in enumerate(self.timesteps):
                output = self._denoise(cut, blend.cut(noisy), timestep, phase, (
                    None if given is None else blend.cut(given)))
                if number + 1 < len(self.timesteps):
                    noisy = ddim_step(
                        noisy, blend.joined(output.x0), self.alpha_bars[number],
                        self.alpha_bars[number + 1])
            recovered.update({
                count: blend.joined(parts) for count, parts in output.parts.items()})
            given = recovered.get(self._network.config.phases[phase][-1])
            pose = output.pose
        if pose is None:
            raise AssertionError('the last phase gives a pose')
        rotations_6d = blend.joined(rotation_6d_from_matrix(pose.local_rotations))
        return MagePose(
            matrix_from_6d(rotations_6d), blend.joined(pose.log_error)), recovered, states

    def _denoise(
        self, features: Tensor, noisy: Tensor, timestep: int, phase: int, given: Tensor | None
    ) -> MageOutput:
        """Run the network on (S, K, W, ...), some windows at a time; fields keep that shape."""
        shape = features.shape[:2]
        features, noisy = features.flatten(0, 1), noisy.flatten(0, 1)
        given = None if given is None else given.flatten(0, 1)
        outputs: list[MageOutput] = []
        for first in range(0, len(features), _WINDOWS_AT_ONCE):
            some = slice(first, first + _WINDOWS_AT_ONCE)
            times = torch.full((len(features[some]),), timestep, device=self._device)
            outputs.append(self._network(
                features[some], noisy[some], times, None, phase,
                None if given is None else given[some])[0])
        poses = [one.pose for one in outputs if one.pose is not None]
        pose = None if not poses else MagePose(
            torch.cat([one.local_rotations for one in poses]).unflatten(0, shape),
            torch.cat([one.log_error for one in poses]).unflatten(0, shape))
        return MageOutput(
            torch.cat([one.x0 for one in outputs]).unflatten(0, shape),
            {count: torch.cat([one.parts[count] for one in outputs]).unflatten(0, shape)
             for count in outputs[0].parts}, pose)


class _Blend:
    """Cuts (S, T, ...) into K windows (S, K, W, ...), and joins them again."""

    def __init__(
        self, starts: list[int], frames: int, whole: int, overlap: int, like: Tensor
    ) -> None:
        self._starts = starts
        self._frames = frames
        self._whole = whole
        fade = overlap - overlap // 2
        ramp = torch.arange(1, fade + 1, device=like.device, dtype=like.dtype) / (fade + 1)
        self._weights = [ramp.new_ones(frames) for _ in starts]
        for before, after in pairwise(self._weights):
            before[-fade:] *= 1.0 - ramp
            after[:overlap // 2] = 0.0
            after[overlap // 2:overlap] *= ramp
        self._total = torch.zeros(whole, device=like.device, dtype=like.dtype)
        for start, weights in zip(starts, self._weights, strict=True):
            self._total[start:start + frames] += weights

    def cut(self, whole: Tensor) -> Tensor:
        """Return the windows of (S, T, ...)."""
        return torch.stack(
            [whole[:, start:start + self._frames] for start in self._starts], dim=1)

    def joined(self, windows: Tensor) -> Tensor:
        """Return the weighted mean (S, T, ...) of windows (S, K, W, ...)."""
        shape = (-1, *(1,) * (windows.dim() - 3))
        joined = windows.new_zeros((len(windows), self._whole, *windows.shape[3:]))
        for number, (start, weights) in enumerate(zip(self._starts, self._weights, strict=True)):
            joined[:, start:start + self._frames] += weights.view(shape) * windows[:, number]
        return joined / self._total.view(shape)
