# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The baseline network on live streams: keys and values carried from frame to frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.estimation.model_folder import WEIGHTS_FILE, read_weights
from motion_avatar_ros.estimation.model_limits import built_network
from motion_avatar_ros.networks.baseline import BaselineConfig, BaselineNetwork


class BaselineStream:
    """Features in, local rotations and expected errors out, for S streams."""

    def __init__(
        self, folder: Path, config: dict[str, Any], device: torch.device, streams: int
    ) -> None:
        """Load the folder's weights; ModelFolderError where they are not usable."""
        try:
            network_config = BaselineConfig(**config['network'])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFolderError(folder, f'config.yaml: network: {error}') from None
        network = built_network(
            folder, folder / WEIGHTS_FILE, lambda: BaselineNetwork(network_config))
        self.trackers = network_config.trackers
        self.weights_sha256 = read_weights(folder, network)
        self.network = network.eval().requires_grad_(False).to(device)
        self._device = device
        self._streams = streams
        self.reset()

    def reset(self, stream: int | None = None) -> None:
        """Forget the past of a stream, or of all."""
        with torch.inference_mode():
            if stream is None:
                self._state = self.network.initial_state(self._streams)
            else:
                filled = self._state.filled.clone()
                filled[stream] = 0
                self._state = replace(self._state, filled=filled)

    def step(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Estimate the next T frames.

        Args:
            features: (S, T, N, 18).

        Returns:
            Local rotations (S, T, 22, 3, 3), the root's relative to the head's heading, and
            the mean joint error (S, T, 2) [m] that it expects, of upper and lower body.
        """
        with torch.inference_mode():
            inputs = torch.from_numpy(features).to(self._device, torch.float32)
            output, self._state = self.network(inputs, self._state)
            rotations = output.local_rotations.double().cpu().numpy()
            error_m = output.log_error.double().exp().cpu().numpy()
        return rotations, error_m
