# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoMask's training (arXiv 2312.00063): the tokeniser, then one transformer after the other."""

from __future__ import annotations

from motion_avatar_ros.generation.momask import momask_folder_config
from motion_avatar_ros.generation.momask_sampler import MaskedSamplerConfig
from motion_avatar_ros.networks.momask import MomaskConfig, MomaskNetwork
from motion_avatar_ros.training.configuration import TrainingConfig
from motion_avatar_ros.training.momask_base import MomaskBaseTraining
from motion_avatar_ros.training.momask_layers import MomaskLayerTraining
from motion_avatar_ros.training.token_stages import TokenModel, TokenStages

MOMASK = TokenModel(
    MomaskConfig, MomaskNetwork,
    {'transformer': MomaskBaseTraining, 'residual': MomaskLayerTraining},
    lambda config: momask_folder_config(config, MaskedSamplerConfig()))


class MomaskStages(TokenStages):
    """All stages of a run."""

    def __init__(self, config: TrainingConfig) -> None:
        """Check the configuration; ConfigurationError where it cannot be used."""
        super().__init__(MOMASK, config)
