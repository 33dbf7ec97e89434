# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`train`: a model from motion data, by one configuration file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from motion_avatar_ros.errors import MotionAvatarError

if TYPE_CHECKING:
    from motion_avatar_ros.training.configuration import TrainingConfig

HELP = 'train a model on a folder of AMASS-style motion'
MODELS = ('baseline', 'mage', 'momask', 'mosa', 'sage', 'scalemogen', 'text_motion')
_LIVE = 'live'


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument('model', choices=MODELS)
    parser.add_argument('--data', type=Path, required=True, help='folder with splits.json')
    parser.add_argument('--out', type=Path, required=True, help="the run's folder")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        '--preset', default=_LIVE,
        help='a shipped configuration, such as live or paper')
    which.add_argument('--config', type=Path, help='a configuration of your own')
    parser.add_argument(
        '--set', action='append', default=[], metavar='NAME=VALUE',
        help='another value than the configuration has, such as optimisation.steps=500')
    parser.add_argument('--resume', action='store_true', help='go on from the last checkpoint')
    parser.add_argument(
        '--refiner-of', metavar='MODEL',
        help='sage: train nothing but a new refiner of this model, a name or a folder')
    parser.add_argument('--threads', type=int, help='CPU threads of each process')


def run(arguments: Namespace) -> int:
    """Train to the end of the configuration."""
    import torch

    from motion_avatar_ros.estimation.model_folder import find_model
    from motion_avatar_ros.training.configuration import load_training_config
    from motion_avatar_ros.training.loop import part_processes
    from motion_avatar_ros.training.shipped_configurations import shipped_config

    logging.basicConfig(level=logging.INFO, format='%(message)s')
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    config = load_training_config(
        arguments.config or shipped_config(arguments.model, arguments.preset), arguments.set)
    if config.model != arguments.model:
        raise MotionAvatarError(
            f"the configuration is for model '{config.model}', not '{arguments.model}'")
    if arguments.refiner_of and config.model != 'sage':
        raise MotionAvatarError(f"--refiner-of: '{config.model}' has no refiner")
    refiner_of = find_model(arguments.refiner_of) if arguments.refiner_of else None
    out = arguments.out
    has_run = any(out.rglob('checkpoint.safetensors'))
    if has_run and not arguments.resume:
        raise MotionAvatarError(f"'{out}' holds a run already; add --resume or choose another")
    if arguments.resume and not has_run:
        logging.info("'%s' holds no run yet: a new one begins", out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / 'config.yaml').write_text(yaml.safe_dump(config.as_dict(), sort_keys=False))
    except OSError as error:
        raise MotionAvatarError(f"'{out}' cannot hold a run: {error}") from None
    try:
        best = _trained(config, arguments, refiner_of)
    finally:
        part_processes()
    if best is not None:  # of several processes the first one keeps the model
        logging.info('kept %s in %s', best, out / 'model')
    return 0


def _trained(
    config: TrainingConfig, arguments: Namespace, refiner_of: Path | None
) -> dict[str, float] | None:
    """Train and return the figures of what was kept, in the first process."""
    from motion_avatar_ros.training.clips import find_clips
    from motion_avatar_ros.training.loop import train

    data, out = arguments.data, arguments.out
    if config.model == 'mosa':
        from motion_avatar_ros.training.mosa_training import MosaStages

        return MosaStages(config).train(data, out, arguments.resume)
    if config.model == 'momask':
        from motion_avatar_ros.training.momask_training import MomaskStages

        return MomaskStages(config).train(data, out, arguments.resume)
    if config.model == 'scalemogen':
        from motion_avatar_ros.training.scalemogen_training import ScaleMoGenStages

        return ScaleMoGenStages(config).train(data, out, arguments.resume)
    splits = {split: find_clips(data, split) for split in ('train', 'val')}
    if config.model == 'sage':
        from motion_avatar_ros.training.sage_training import SageStages

        return SageStages(config).train(data, splits, out, arguments.resume, refiner_of)
    training = _training(config)
    training.load_data(data, splits)
    return train(training, config, out, arguments.resume)


def _training(config: TrainingConfig) -> Any:
    if config.model == 'mage':
        from motion_avatar_ros.training.mage_training import MageTraining

        return MageTraining(config)
    if config.model == 'text_motion':
        from motion_avatar_ros.training.text_motion_training import TextMotionTraining

        return TextMotionTraining(config)
    from motion_avatar_ros.training.baseline_training import BaselineTraining

    return BaselineTraining(config)
