# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ScaleMoGen's training (arXiv 2605.11704): the tokeniser, then the transformer."""

from __future__ import annotations

from motion_avatar_ros.generation.scalemogen import scalemogen_folder_config
from motion_avatar_ros.generation.scalemogen_sampler import BitSamplerConfig
from motion_avatar_ros.networks.scalemogen import ScaleMoGenConfig, ScaleMoGenNetwork
from motion_avatar_ros.training.configuration import TrainingConfig
from motion_avatar_ros.training.scalemogen_bits import (
    BitLossWeights, BitTraining, new_bit_learner,
)
from motion_avatar_ros.training.scalemogen_maps import MapTraining
from motion_avatar_ros.training.token_stages import TokenModel, TokenStages

SCALEMOGEN = TokenModel(
    ScaleMoGenConfig, ScaleMoGenNetwork, {'transformer': MapTraining},
    lambda config: scalemogen_folder_config(config, BitSamplerConfig()),
    new_bit_learner, BitTraining, BitLossWeights)


class ScaleMoGenStages(TokenStages):
    """Both stages of a run."""

    def __init__(self, config: TrainingConfig) -> None:
        """Check the configuration; ConfigurationError where it cannot be used."""
        super().__init__(SCALEMOGEN, config)
