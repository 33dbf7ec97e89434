# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The stages of a generator of tokens: a tokeniser, then what writes its tokens.

Each stage is a run of the common loop in a folder of its own and is resumed like any run; those
after the first begin with its best tokeniser. The model folder holds all of them, and the text
encoder by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import logging
from pathlib import Path
from typing import Any

import torch
from torch import nn

from motion_avatar_ros.estimation.model_folder import (
    read_weights, write_compact_copy, write_model_folder,
)
from motion_avatar_ros.generation.motion_features import FRAME_RATE_HZ
from motion_avatar_ros.training.captioned_crops import CaptionedCrops
from motion_avatar_ros.training.configuration import (
    ConfigurationError, TrainingConfig, from_mapping, stage_optimisations,
)
from motion_avatar_ros.training.loop import Training, train
from motion_avatar_ros.training.tokenizer_training import (
    TokenizerLossWeights, TokenizerTraining, new_learner,
)

_TOKENIZER = 'tokenizer'
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenModel:
    """
    What is trained.

    Attributes:
        sizes: such as `MosaConfig`, the values of `network` in a training configuration.
        build: the network, with `tokenizer` and an attribute for each stage.
        stages: by attribute what trains it, of data, sizes and tokeniser; in their order.
        folder_config: the model folder's config.yaml.
        learner: an untrained tokeniser with what it needs to learn, as its `tokenizer`.
        tokens: what trains it, of data, sizes and weights.
        weights: of its loss, the values of `loss` in a training configuration.
    """

    sizes: type
    build: Callable[[Any], nn.Module]
    stages: dict[str, Callable[[CaptionedCrops, Any, Any], Training]]
    folder_config: Callable[[Any], dict[str, Any]]
    learner: Callable[[Any], Any] = new_learner
    tokens: Callable[[CaptionedCrops, Any, Any], Training] = TokenizerTraining
    weights: type = TokenizerLossWeights

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all stages."""
        return (_TOKENIZER, *self.stages)


class TokenStages:
    """All stages of a run."""

    def __init__(self, model: TokenModel, config: TrainingConfig) -> None:
        """Check the configuration; ConfigurationError where it cannot be used."""
        self._model = model
        self._config = config
        try:
            self._network_config = from_mapping(model.sizes, config.network, 'network')
            with torch.device('meta'):  # says what does not fit, at no cost
                model.build(self._network_config)
                model.learner(self._network_config)
        except ValueError as error:
            raise ConfigurationError(f'network: {error}') from None
        self._weights = from_mapping(model.weights, config.loss, 'loss')
        self._optimisation = stage_optimisations(config, model.names)
        if config.data.rate_hz != FRAME_RATE_HZ:
            raise ConfigurationError(
                f'data.rate_hz is {config.data.rate_hz}; allowed: {FRAME_RATE_HZ}')

    def train(self, data: Path, out: Path, resume: bool) -> dict[str, float] | None:
        """
        Train all stages, or what is left of them.

        Args:
            data: folder of the clips.
            out: the run's folder; `out / STAGE` is a stage's, `out / 'model'` the model folder,
                `out / 'whole'` the same in fp16.
            resume: go on with what `out` holds.

        Returns:
            The validation figures of the last stage's network that was kept.
        """
        clips = CaptionedCrops(data, self._config, self._network_config)
        best = self._stage(
            self._model.tokens(clips, self._network_config, self._weights), _TOKENIZER, out,
            resume)
        learner = self._model.learner(self._network_config)
        read_weights(out / _TOKENIZER / 'model', learner)
        for stage, training in self._model.stages.items():
            best = self._stage(
                training(clips, self._network_config, learner.tokenizer), stage, out, resume)
        if best is not None:  # of several processes the first one writes
            write_joined(self._model, out, self._network_config)
        return best

    def _stage(
        self, training: Training, stage: str, out: Path, resume: bool
    ) -> dict[str, float] | None:
        _LOG.info('stage %s', stage)
        (out / stage).mkdir(exist_ok=True)
        return train(
            training, replace(self._config, optimisation=self._optimisation[stage]), out / stage,
            resume)


def write_joined(model: TokenModel, out: Path, config: Any) -> None:
    """Write `out / 'whole'` from the model folders of all stages, and `out / 'model'` of it."""
    network = model.build(config)
    learner = model.learner(config)
    read_weights(out / _TOKENIZER / 'model', learner)
    network.get_submodule(_TOKENIZER).load_state_dict(learner.tokenizer.state_dict())
    for stage in model.stages:
        read_weights(out / stage / 'model', network.get_submodule(stage))
    write_model_folder(out / 'whole', model.folder_config(config), network)
    # A byte per weight keeps what ships small.
    write_compact_copy(out / 'whole', out / 'model')
