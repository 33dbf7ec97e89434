# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SAGE on live streams: a window of the last frames, of which the newest pose is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.body.rotations import matrix_from_6d
from motion_avatar_ros.body.skeleton import JOINT_COUNT
from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.model_folder import WEIGHTS_FILE, read_weights
from motion_avatar_ros.estimation.model_limits import built_network
from motion_avatar_ros.estimation.sage_sampler import SageSampler
from motion_avatar_ros.networks.sage import SageConfig, SageNetwork


class SageStream:
    """Features in, local rotations and expected errors out, for S streams."""

    def __init__(
        self, folder: Path, config: dict[str, Any], device: torch.device, streams: int
    ) -> None:
        """Load the folder's weights; ModelFolderError where they are not usable."""
        try:
            network_config = SageConfig(**config['network'])
            network = built_network(
                folder, folder / WEIGHTS_FILE, lambda: SageNetwork(network_config))
            network = network.requires_grad_(False).to(device)
            self.trackers = network_config.trackers
            self.sampler = SageSampler(
                network_config, config['sampler']['steps'], config['sampler']['seed'], device)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(folder, f'config.yaml: {error}') from None
        self.weights_sha256 = read_weights(folder, network)
        self.network = network.eval()
        self._device = device
        self._window = network_config.window
        # Up to window - 1 frames before the next, and which streams have any.
        self._past = torch.zeros(
            streams, self._window - 1, network_config.features, device=device)
        self._has_past = torch.zeros(streams, dtype=torch.bool, device=device)
        self._refiner_state = network.initial_refiner_state(streams)

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        which = slice(None) if stream is None else stream
        self._has_past[which] = False
        self._refiner_state[:, which] = 0.0

    def step(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Estimate the next T frames; before a stream's first frame it is taken to have stood still.

        Args:
            features: (S, T, N, 18).

        Returns:
            Local rotations (S, T, 22, 3, 3), the root's relative to the head's heading, and
            the mean joint error (S, T, 2) [m] that it expects, of upper and lower body.
        """
        with torch.inference_mode():
            inputs = torch.from_numpy(features).to(self._device, torch.float32)
            windows = self._windows(self.network.scored(inputs))
            pose, log_error = self.sampler.newest_poses(self.network, windows.flatten(0, 1))
            refined, state = self.network.refined(
                pose.unflatten(0, windows.shape[:2]), self._refiner_state)
            self._refiner_state.copy_(state)
            rotations = matrix_from_6d(refined.unflatten(-1, (JOINT_COUNT, 6)))
            error_m = log_error.unflatten(0, windows.shape[:2]).double().exp()
        return rotations.double().cpu().numpy(), error_m.cpu().numpy()

    def _windows(self, new: Tensor) -> Tensor:
        """Return the windows (S, T, window, features) that end with frames (S, T, features)."""
        first = new[:, :1].expand(-1, self._window - 1, -1)
        past = torch.where(self._has_past[:, None, None], self._past, first)
        frames = torch.cat((past, new), dim=1)
        self._past.copy_(frames[:, -(self._window - 1):])
        self._has_past[:] = True
        return frames.unfold(1, self._window, 1).transpose(-1, -2)
