# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A MoMask with random weights, a tiny one: a model folder for tests and dry runs."""

from __future__ import annotations

from pathlib import Path

import torch

from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.generation.momask import momask_folder_config
from motion_avatar_ros.generation.momask_sampler import MaskedSamplerConfig
from motion_avatar_ros.networks.momask import MomaskConfig, MomaskNetwork

TINY = MomaskConfig(
    tokenizer_width=8, encoder_blocks=1, decoder_blocks=1, latent=4, quantizer_layers=3,
    codes_per_layer=12, width=16, base_layers=1, residual_layers=1, heads=2, feed_forward=16)


def write_random_momask(
    folder: Path, seed: int = 0, config: MomaskConfig = TINY,
    sampler: MaskedSamplerConfig = MaskedSamplerConfig(),
) -> Path:
    """Write the folder; its motions mean nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = MomaskNetwork(config)
        for head in (network.transformer.head.weight, network.residual.head):
            torch.nn.init.normal_(head, std=1.0)
    write_model_folder(folder, momask_folder_config(config, sampler), network)
    return folder
