# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask as a generator: a model folder in, motion features out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from motion_avatar_ros.generation.momask_sampler import MaskedSampler, MaskedSamplerConfig
from motion_avatar_ros.generation.text_encoder import text_encoder
from motion_avatar_ros.generation.token_generator import TokenGenerator, folder_config
from motion_avatar_ros.networks.momask import MomaskConfig, MomaskNetwork


class Momask(TokenGenerator):
    """Generates and edits: the base layer in several iterations, then each layer above it."""

    config: MomaskConfig
    network: MomaskNetwork
    sampler: MaskedSampler

    def __init__(self, folder: Path, device: torch.device) -> None:
        """Load a model folder; ModelFolderError where it is not usable."""
        super().__init__(folder, device, text_encoder)

    def _build(
        self, sizes: dict[str, Any], sampling: dict[str, Any], folder: Path, device: torch.device
    ) -> None:
        self.config, drawing = MomaskConfig(**sizes), MaskedSamplerConfig(**sampling)
        self.network = self._at_rest(folder, lambda: MomaskNetwork(self.config), device)
        self.sampler = MaskedSampler(
            self.network.tokenizer.quantizer, self.network.transformer, self.network.residual,
            self.config.longest, drawing)


def momask_folder_config(config: MomaskConfig, sampler: MaskedSamplerConfig) -> dict[str, Any]:
    """Return the config.yaml of a model folder."""
    return folder_config('momask', config, sampler)
