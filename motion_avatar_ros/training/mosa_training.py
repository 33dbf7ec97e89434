# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
MoSa's training (arXiv 2511.01200): the tokeniser, then the transformer.

Each stage is a run of the common loop in a folder of its own and is resumed like any run; the
second begins with the best tokeniser of the first. The model folder holds both, and the text
encoder by name.
"""

from __future__ import annotations

from dataclasses import fields, replace
import logging
from pathlib import Path

import torch

from motion_avatar_ros.estimation.model_folder import (
    read_weights, write_compact_copy, write_model_folder,
)
from motion_avatar_ros.generation.mosa import mosa_folder_config
from motion_avatar_ros.generation.mosa_sampler import SamplerConfig
from motion_avatar_ros.generation.motion_features import FRAME_RATE_HZ
from motion_avatar_ros.networks.mosa import MosaConfig, MosaNetwork
from motion_avatar_ros.training.configuration import (
    ConfigurationError, OptimisationConfig, TrainingConfig, from_mapping,
)
from motion_avatar_ros.training.loop import train
from motion_avatar_ros.training.mosa_data import MosaData
from motion_avatar_ros.training.mosa_scales import MosaScaleTraining
from motion_avatar_ros.training.mosa_tokens import (
    MosaTokenLossWeights, MosaTokenTraining, new_learner,
)

STAGES = ('tokenizer', 'transformer')

_LOG = logging.getLogger(__name__)


class MosaStages:
    """Both stages of a run."""

    def __init__(self, config: TrainingConfig) -> None:
        """Check the configuration; ConfigurationError where it cannot be used."""
        self._config = config
        try:
            self._network_config: MosaConfig = from_mapping(
                MosaConfig, config.network, 'network')
            with torch.device('meta'):  # says what does not fit, at no cost
                MosaNetwork(self._network_config)
        except ValueError as error:
            raise ConfigurationError(f'network: {error}') from None
        self._weights = from_mapping(MosaTokenLossWeights, config.loss, 'loss')
        unknown = sorted(set(config.stages) - set(STAGES))
        if unknown:
            raise ConfigurationError(
                f"stages: unknown '{unknown[0]}'; known: {', '.join(STAGES)}")
        plain = {
            field.name: getattr(config.optimisation, field.name)
            for field in fields(OptimisationConfig)}
        self._optimisation: dict[str, OptimisationConfig] = {
            stage: from_mapping(
                OptimisationConfig, {**plain, **config.stages.get(stage, {})},
                f'stages.{stage}')
            for stage in STAGES}
        if config.data.rate_hz != FRAME_RATE_HZ:
            raise ConfigurationError(
                f'data.rate_hz is {config.data.rate_hz}; allowed: {FRAME_RATE_HZ}')

    def train(self, data: Path, out: Path, resume: bool) -> dict[str, float] | None:
        """
        Train both stages, or what is left of them.

        Args:
            data: folder of the clips.
            out: the run's folder; `out / STAGE` is a stage's, `out / 'model'` the model folder,
                `out / 'whole'` the same in fp16.
            resume: go on with what `out` holds.

        Returns:
            The validation figures of the transformer that was kept.
        """
        clips = MosaData(data, self._config, self._network_config)
        best = self._stage(
            MosaTokenTraining(clips, self._network_config, self._weights), 'tokenizer', out,
            resume)
        learner = new_learner(self._network_config)
        read_weights(out / 'tokenizer' / 'model', learner)
        best = self._stage(
            MosaScaleTraining(clips, self._network_config, learner.tokenizer), 'transformer', out,
            resume)
        if best is not None:  # of several processes the first one writes
            write_joined(out, self._network_config)
        return best

    def _stage(
        self, training: MosaTokenTraining | MosaScaleTraining, stage: str, out: Path, resume: bool
    ) -> dict[str, float] | None:
        _LOG.info('stage %s', stage)
        (out / stage).mkdir(exist_ok=True)
        return train(
            training, replace(self._config, optimisation=self._optimisation[stage]), out / stage,
            resume)


def write_joined(out: Path, config: MosaConfig) -> None:
    """Write `out / 'whole'` from the model folders of both stages, and `out / 'model'` of it."""
    network = MosaNetwork(config)
    learner = new_learner(config)
    read_weights(out / 'tokenizer' / 'model', learner)
    network.tokenizer.load_state_dict(learner.tokenizer.state_dict())
    read_weights(out / 'transformer' / 'model', network.transformer)
    write_model_folder(
        out / 'whole', mosa_folder_config(config, SamplerConfig()), network)
    # A byte per weight keeps what ships small.
    write_compact_copy(out / 'whole', out / 'model')
