# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A SAGE with random weights, a tiny one: a model folder for tests and dry runs."""

from __future__ import annotations

from dataclasses import asdict
import math
from pathlib import Path

import torch

from motion_avatar_ros.estimation.confidence import HALF_CONFIDENCE_M
from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.networks.sage import SageConfig, SageNetwork
from motion_avatar_ros.trackers.observation import TRACKER_NAMES

TINY = SageConfig(
    window=8, latent=16, groups=4, entries=8, tokenizer_width=16, tokenizer_layers=1, width=16,
    blocks=1, heads=2, decoder_width=16, decoder_layers=1, refiner_width=16, refiner_layers=1)


def write_random_sage(
    folder: Path, seed: int = 0, steps: int = 2, config: SageConfig = TINY
) -> Path:
    """Write the folder; its poses follow the trackers but mean nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = SageNetwork(config)
        for head in (network.decoder.to_root, network.decoder.to_body):
            torch.nn.init.normal_(list(head.parameters())[-2], std=0.05)
        torch.nn.init.normal_(network.to_residual.weight, std=0.02)
        torch.nn.init.constant_(
            list(network.decoder.to_log_error.parameters())[-1], math.log(HALF_CONFIDENCE_M))
    write_model_folder(folder, {
        'architecture': 'sage',
        'rate_hz': 60.0,
        'trackers': list(TRACKER_NAMES),
        'sampler': {'steps': steps, 'seed': seed},
        'network': asdict(config),
    }, network)
    return folder
