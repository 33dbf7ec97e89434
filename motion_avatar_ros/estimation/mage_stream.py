# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MAGE on live streams: the sampler runs down for each new frame, beside the frames before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.mage_sampler import MageSampler
from motion_avatar_ros.estimation.model_folder import WEIGHTS_FILE, read_weights
from motion_avatar_ros.estimation.model_limits import built_network
from motion_avatar_ros.estimation.overlapping_sampler import OverlappingSampler
from motion_avatar_ros.estimation.window_overlap import WindowOverlap
from motion_avatar_ros.networks.mage import MageConfig, MageNetwork


class MageStream:
    """Features in, local rotations and expected errors out, for S streams."""

    def __init__(
        self, folder: Path, config: dict[str, Any], device: torch.device, streams: int
    ) -> None:
        """Load the folder's weights; ModelFolderError where they are not usable."""
        try:
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in config['network'].items()}
            network_config = MageConfig(**values)
            network = built_network(
                folder, folder / WEIGHTS_FILE, lambda: MageNetwork(network_config))
            network = network.requires_grad_(False).to(device)
            self.trackers = network_config.trackers
            self._sampling = (
                network, config['sampler']['steps'], config['sampler']['seed'], device)
            self.sampler = MageSampler(*self._sampling)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(folder, f'config.yaml: {error}') from None
        self.weights_sha256 = read_weights(folder, network)
        self.network = network.eval()
        self._device = device
        self._streams = streams
        self.reset()

    def use_windows(self, windows: WindowOverlap) -> None:
        """Take each call for a whole recording, in overlapping windows; else WindowError."""
        self.sampler = OverlappingSampler(*self._sampling, windows)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        with torch.inference_mode():
            if stream is None:
                self._states = self.sampler.initial_states(self._streams)
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
            the mean joint error (S, T, 2) [m] that it expects, of upper and lower body.
        """
        with torch.inference_mode():
            inputs = torch.from_numpy(features).to(self._device, torch.float32)
            pose, _, self._states = self.sampler.sample(inputs, self._states)
            rotations = pose.local_rotations.double().cpu().numpy()
            error_m = pose.log_error.double().exp().cpu().numpy()
        return rotations, error_m
