# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MoSa's training (arXiv 2511.01200): the tokeniser, then the transformer."""

from __future__ import annotations

from motion_avatar_ros.generation.mosa import mosa_folder_config
from motion_avatar_ros.generation.mosa_sampler import SamplerConfig
from motion_avatar_ros.networks.mosa import MosaConfig, MosaNetwork
from motion_avatar_ros.training.configuration import TrainingConfig
from motion_avatar_ros.training.mosa_scales import MosaScaleTraining
from motion_avatar_ros.training.token_stages import TokenModel, TokenStages

MOSA = TokenModel(
    MosaConfig, MosaNetwork, {'transformer': MosaScaleTraining},
    lambda config: mosa_folder_config(config, SamplerConfig()))


class MosaStages(TokenStages):
    """Both stages of a run."""

    def __init__(self, config: TrainingConfig) -> None:
        """Check the configuration; ConfigurationError where it cannot be used."""
        super().__init__(MOSA, config)
