# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoSa as a generator: a model folder in, motion features out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch

from motion_avatar_ros.generation.mosa_sampler import MosaSampler, SamplerConfig
from motion_avatar_ros.generation.text_encoder import text_encoder
from motion_avatar_ros.generation.token_generator import TokenGenerator, folder_config
from motion_avatar_ros.networks.mosa import MosaConfig, MosaNetwork
from motion_avatar_ros.networks.multiscale_quantizer import MultiscaleQuantizer


class Mosa(TokenGenerator):
    """Generates and edits in ten steps, from coarse to fine."""

    config: MosaConfig
    network: MosaNetwork
    sampler: MosaSampler

    def __init__(self, folder: Path, device: torch.device) -> None:
        """Load a model folder; ModelFolderError where it is not usable."""
        super().__init__(folder, device, text_encoder)

    def _build(
        self, sizes: dict[str, Any], sampling: dict[str, Any], folder: Path, device: torch.device
    ) -> None:
        self.config, drawing = MosaConfig(**sizes), SamplerConfig(**sampling)
        self.network = self._at_rest(folder, lambda: MosaNetwork(self.config), device)
        self.sampler = MosaSampler(
            cast(MultiscaleQuantizer, self.network.tokenizer.quantizer), self.network.transformer,
            drawing)


def mosa_folder_config(config: MosaConfig, sampler: SamplerConfig) -> dict[str, Any]:
    """Return the config.yaml of a model folder."""
    return folder_config('mosa', config, sampler)
