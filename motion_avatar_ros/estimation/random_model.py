# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A tiny baseline with random weights: a model folder for tests and dry runs."""

from __future__ import annotations

from dataclasses import asdict
import math
from pathlib import Path

import torch

from motion_avatar_ros.estimation.confidence import HALF_CONFIDENCE_M
from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.networks.baseline import BaselineConfig, BaselineNetwork
from motion_avatar_ros.trackers.observation import TRACKER_NAMES


def write_random_baseline(folder: Path, seed: int = 0) -> Path:
    """Write the folder; its poses follow the trackers but mean nothing."""
    config = BaselineConfig(width=32, layers=2, heads=2, band=8)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = BaselineNetwork(config)
        for head in (network.to_root, network.to_body):
            torch.nn.init.normal_(list(head.parameters())[-2], std=0.05)
        torch.nn.init.constant_(
            list(network.to_log_error.parameters())[-1], math.log(HALF_CONFIDENCE_M))
    write_model_folder(folder, {
        'architecture': 'baseline',
        'rate_hz': 60.0,
        'trackers': list(TRACKER_NAMES),
        'network': asdict(config),
    }, network)
    return folder
