# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MAGE on live streams: the sampler runs down for each new frame, beside the frames before it.

Each timestep of the sampler keeps the keys and values of its own past, so that a frame at a
timestep sees the past frames as they were at that timestep: what comes out is what the whole
clip at once would give. The noise is the same for every frame and stream, drawn by the model's
seed: equal input gives equal output, and the newest pose does not tremble.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motion_avatar_ros.diffusion.ddim import ddim_step, trailing_timesteps
from motion_avatar_ros.diffusion.noise_schedule import cosine_alpha_bars
from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.confidence import confidence_of
from motion_avatar_ros.estimation.model_folder import read_weights
from motion_avatar_ros.networks.mage import POSE_SIZE, MageConfig, MageNetwork


class MageStream:
    """Features in, local rotations and confidence out, for S streams."""

    def __init__(
        self, folder: Path, config: dict[str, Any], device: torch.device, streams: int
    ) -> None:
        """Load the folder's weights; ModelFolderError where they are not usable."""
        try:
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in config['network'].items()}
            network = MageNetwork(MageConfig(**values))
            training_steps = network.config.training_steps
            self._timesteps = trailing_timesteps(config['sampler']['steps'], training_steps)
            random = torch.Generator().manual_seed(config['sampler']['seed'])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(folder, f'config.yaml: {error}') from None
        self.weights_sha256 = read_weights(folder, network)
        self._network = network.eval().requires_grad_(False).to(device)
        self._noise = torch.randn(1, 1, POSE_SIZE, generator=random).to(device)
        self._alpha_bars = cosine_alpha_bars(training_steps).to(device)
        self._device = device
        self._streams = streams
        self.reset()

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        with torch.inference_mode():
            if stream is None:
                self._states = [
                    self._network.initial_state(self._streams) for _ in self._timesteps]
                return
            for number, state in enumerate(self._states):
                filled = state.filled.clone()
                filled[stream] = 0
                self._states[number] = replace(state, filled=filled)

    def step(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Estimate the next T frames.

        Args:
            features: (S, T, N, 18), NaN where a tracker is absent.

        Returns:
            Local rotations (S, T, 22, 3, 3), the root's relative to the head's heading, and
            confidence (S, T, 2) of upper and lower body in 0..1.
        """
        with torch.inference_mode():
            inputs = torch.from_numpy(features).to(self._device, torch.float32)
            noisy = self._noise.expand(*inputs.shape[:2], -1)
            for number, timestep in enumerate(self._timesteps):
                times = torch.full((self._streams,), timestep, device=self._device)
                output, self._states[number] = self._network(
                    inputs, noisy, times, self._states[number])
                if number + 1 < len(self._timesteps):
                    noisy = ddim_step(
                        noisy, output.x0, self._alpha_bars[timestep],
                        self._alpha_bars[self._timesteps[number + 1]])
            rotations = output.local_rotations.double().cpu().numpy()
            error_m = output.log_error.double().exp().cpu().numpy()
        return rotations, confidence_of(error_m)
