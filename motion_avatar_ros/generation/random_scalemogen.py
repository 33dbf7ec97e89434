# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A ScaleMoGen with random weights, a tiny one: a model folder for tests and dry runs."""

from __future__ import annotations

from pathlib import Path

import torch

from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.generation.scalemogen import scalemogen_folder_config
from motion_avatar_ros.generation.scalemogen_sampler import BitSamplerConfig
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig, ScaleMoGenNetwork

TINY = ScaleMoGenConfig(
    widths=(4, 6, 8), blocks=1, bits=4, lengths=(1, 2, 3, 6, 12, 24), groups=(1, 2, 3, 3, 5, 7),
    width=16, layers=2, heads=2, feed_forward=16)


def write_random_scalemogen(
    folder: Path, seed: int = 0, config: ScaleMoGenConfig = TINY,
    sampler: BitSamplerConfig = BitSamplerConfig(),
) -> Path:
    """Write the folder; its motions mean nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = ScaleMoGenNetwork(config)
        torch.nn.init.normal_(network.transformer.head.weight, std=1.0)
    write_model_folder(folder, scalemogen_folder_config(config, sampler), network)
    return folder
