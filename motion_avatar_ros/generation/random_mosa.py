# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A MoSa with random weights, a tiny one: a model folder for tests and dry runs."""

from __future__ import annotations

from pathlib import Path

import torch

from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.generation.mosa import mosa_folder_config
from motion_avatar_ros.generation.mosa_sampler import SamplerConfig
from motion_avatar_ros.networks.mosa import MosaConfig, MosaNetwork

TINY = MosaConfig(
    tokenizer_width=8, encoder_blocks=1, decoder_blocks=1, latent=4, fewest_codes=6,
    most_codes=12, width=16, layers=1, heads=2, feed_forward=16)


def write_random_mosa(
    folder: Path, seed: int = 0, config: MosaConfig = TINY,
    sampler: SamplerConfig = SamplerConfig(),
) -> Path:
    """Write the folder; its motions mean nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = MosaNetwork(config)
        for head in network.transformer.heads:
            torch.nn.init.normal_(next(head.parameters()), std=1.0)
    write_model_folder(folder, mosa_folder_config(config, sampler), network)
    return folder
