# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A MAGE with random weights, a tiny one: a model folder for tests and dry runs."""

from __future__ import annotations

from dataclasses import asdict
import math
from pathlib import Path
from typing import cast

import torch

from motion_avatar_ros.estimation.confidence import HALF_CONFIDENCE_M
from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.networks.mage import MageConfig, MageNetwork
from motion_avatar_ros.networks.mage_denoiser import MageDenoiser
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES


TINY = MageConfig(width=32, heads=2, band=8, blocks=(1, 1, 1))


def write_random_mage(
    folder: Path, seed: int = 0, steps: int = 2, config: MageConfig = TINY
) -> Path:
    """Write the folder; its poses follow the trackers but mean nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = MageNetwork(config)
        for head in (network.to_root, network.to_body, *network.to_coarse, *(
                head for denoiser in network.denoisers
                for head in cast(MageDenoiser, denoiser).to_parts)):
            torch.nn.init.normal_(list(head.parameters())[-2], std=0.05)
        torch.nn.init.constant_(
            list(network.to_log_error.parameters())[-1], math.log(HALF_CONFIDENCE_M))
    write_model_folder(folder, {
        'architecture': 'mage',
        'rate_hz': 60.0,
        'trackers': [*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES],
        'required_trackers': ['head'],
        'sampler': {'steps': steps, 'seed': seed},
        'network': {name: list(value) if isinstance(value, tuple) else value
                    for name, value in asdict(config).items()},
    }, network)
    return folder
