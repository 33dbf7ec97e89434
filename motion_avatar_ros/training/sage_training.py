# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
SAGE's training, stage by stage (Feng et al., supplement B).

Tokenisers of both halves, each with its codes fitted anew at the end, diffusion of the upper
body's tokens, of the lower body's, the decoder, everything together, the refiner. Each stage is a
run of the common loop in a folder of its own, begins with the best weights of those before it,
and is resumed like any run. The last one's model folder, with a byte per weight, holds what
inference needs, and nothing else.
"""

from __future__ import annotations

from dataclasses import fields, replace
import logging
from pathlib import Path

import torch

from motion_avatar_ros.estimation.model_folder import read_weights, write_compact_copy
from motion_avatar_ros.estimation.sage_sampler import SageSampler
from motion_avatar_ros.networks.part_tokenizer import PartTokenizer
from motion_avatar_ros.networks.sage import SageConfig, SageNetwork
from motion_avatar_ros.training.configuration import (
    TrainingConfig, from_mapping, stage_optimisations,
)
from motion_avatar_ros.training.loop import Training, train, training_device
from motion_avatar_ros.training.sage_codes import SageCodeTraining
from motion_avatar_ros.training.sage_data import SageData
from motion_avatar_ros.training.sage_latents import SageLatentTraining
from motion_avatar_ros.training.sage_poses import (
    TRAINED, SagePoseLossWeights, SagePoseTraining,
)
from motion_avatar_ros.training.sage_tokens import (
    SageTokenTraining, TokenLossWeights, new_tokenizer,
)

_TOKENISER_STAGES = ('upper_tokens', 'upper_codes', 'lower_tokens', 'lower_codes')
STAGES = (*_TOKENISER_STAGES, 'upper_latents', 'lower_latents', *TRAINED)
_SAMPLER_STEPS = 2
_LEAST_POSES = 4  # differences over three frames are in the loss

_LOG = logging.getLogger(__name__)


class SageStages:
    """All stages of a run."""

    def __init__(self, config: TrainingConfig) -> None:
        """Check the configuration; ConfigurationError where it cannot be used."""
        self._config = config
        self._network_config: SageConfig = from_mapping(SageConfig, config.network, 'network')
        names = {field.name for field in fields(TokenLossWeights)}
        self._token_weights = from_mapping(TokenLossWeights, {
            name: value for name, value in config.loss.items() if name in names}, 'loss')
        self._pose_weights = from_mapping(SagePoseLossWeights, {
            name: value for name, value in config.loss.items() if name not in names}, 'loss')
        self._optimisation = stage_optimisations(config, STAGES)
        self._sampler_config = {'steps': _SAMPLER_STEPS, 'seed': config.seed}

    def train(
        self, data: Path, splits: dict[str, list[Path]], out: Path, resume: bool,
        refiner_of: Path | None = None,
    ) -> dict[str, float] | None:
        """
        Train all stages, or those that are left.

        Args:
            data: folder of the clips.
            splits: clips of 'train' and 'val'.
            out: the run's folder; `out / STAGE` is a stage's, `out / 'model'` the model folder.
            resume: go on with what `out` holds.
            refiner_of: a model folder that is to get a new refiner; no other stage is run.

        Returns:
            The validation figures of the last stage.
        """
        source = SageData(data, splits, self._config)
        best: dict[str, float] | None = None
        for stage in STAGES if refiner_of is None else STAGES[-1:]:
            _LOG.info('stage %s', stage)
            folder = out / stage
            folder.mkdir(exist_ok=True)
            training = self._training(stage, source, out, refiner_of)
            best = train(
                training, replace(self._config, optimisation=self._optimisation[stage]), folder,
                resume)
        if best is not None:
            # Ten times the baseline's weights: a byte each keeps what ships small.
            write_compact_copy(out / STAGES[-1] / 'model', out / 'model')
        return best

    def _training(
        self, stage: str, data: SageData, out: Path, refiner_of: Path | None
    ) -> Training:
        config = self._network_config
        part = stage.partition('_')[0]
        if stage.endswith('_tokens'):
            return SageTokenTraining(data, config, self._token_weights, part)
        if stage.endswith('_codes'):
            return SageCodeTraining(
                data, config, self._token_weights, part,
                _tokenizer(config, part, out / f'{part}_tokens'))
        sampler = SageSampler(config, **self._sampler_config, device=training_device())
        network = self._network_before(stage, data, out, refiner_of)
        if stage.endswith('_latents'):
            return SageLatentTraining(
                data, sampler, network, _tokenizer(config, part, out / f'{part}_codes'), part)
        frames = self._config.data.window_frames
        if stage != 'refiner':  # the decoder learns no more from long stretches, at their cost
            frames = max(_LEAST_POSES, frames // 8)
        return SagePoseTraining(
            data, sampler, network, self._pose_weights, stage, frames,
            self._config.data.rate_hz, self._sampler_config)

    def _network_before(
        self, stage: str, data: SageData, out: Path, refiner_of: Path | None
    ) -> SageNetwork:
        """Return the network as the stage before left it, or the model folder's."""
        torch.manual_seed(self._config.seed)
        network = SageNetwork(self._network_config)
        statistics = data.statistics(torch.device('cpu'))
        network.feature_mean.copy_(statistics.feature_mean)
        network.feature_std.copy_(statistics.feature_std)
        before = STAGES[STAGES.index(stage) - 1]
        if before not in _TOKENISER_STAGES:
            # A model folder may have a refiner already.
            untrained = {
                name: tensor.clone() for name, tensor in network.state_dict().items()
                if stage == 'refiner' and name.partition('.')[0] in TRAINED[stage]}
            read_weights(refiner_of or out / before / 'model', network)
            network.load_state_dict(untrained, strict=False)
        return network


def _tokenizer(config: SageConfig, part: str, folder: Path) -> PartTokenizer:
    tokenizer = new_tokenizer(config, part)
    read_weights(folder / 'model', tokenizer)
    return tokenizer
