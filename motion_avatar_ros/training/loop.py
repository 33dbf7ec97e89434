# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The training loop of every model.

One process, or several under torchrun; a run is decided by its configuration and seed, and
resumed from its last checkpoint. The exponential average of the weights is what is validated,
chosen by its score on the split 'val' and written as the model folder.
"""

from __future__ import annotations

from copy import deepcopy
import json
import logging
from math import cos, pi
import os
from pathlib import Path
import time
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from motion_avatar_ros.estimation.model_folder import write_model_folder
from motion_avatar_ros.training.checkpoint import load_checkpoint, save_checkpoint
from motion_avatar_ros.training.configuration import OptimisationConfig, TrainingConfig
from motion_avatar_ros.training.optimisation_step import OptimisationStep

_LOG = logging.getLogger(__name__)
_LOG_EVERY = 50


class Training(Protocol):
    """What a model brings to the loop."""

    def build_network(self, device: torch.device) -> nn.Module:
        """Return the untrained network, on the device."""

    def draw(self, windows: int, rng: np.random.Generator, device: torch.device) -> Any:
        """Return a batch on the device: a dataclass of tensors, always of the same shapes."""

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss and the terms to log; see `optimisation_step` for what it must not."""

    def validate(self, network: Any, device: torch.device) -> dict[str, float]:
        """Return figures on the split 'val', 'score' (less is better) among them."""

    def model_config(self) -> dict:
        """Return the content of the model folder's config.yaml."""


def learning_rate(step: int, config: OptimisationConfig) -> float:
    """Return the rate of a step: linear warm-up, then a cosine to zero."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    done = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return config.learning_rate * 0.5 * (1.0 + cos(pi * min(1.0, done)))


def train(training: Training, config: TrainingConfig, out: Path, resume: bool) -> dict[str, float]:
    """
    Train to the end.

    Args:
        training: the model's side.
        config: decides the run.
        out: the run's folder; `out / 'model'` becomes the model folder.
        resume: go on from `out / 'checkpoint.safetensors'` where there is one.

    Returns:
        The validation figures of the weights that were kept.
    """
    rank, world, device = _join_processes()
    torch.manual_seed(config.seed + rank)
    rng = np.random.default_rng((config.seed, rank))
    settings = config.optimisation

    network = training.build_network(device)
    average = deepcopy(network).eval().requires_grad_(False)
    # NCCL's collectives stay out of a graph.
    is_captured = device.type == 'cuda' and world == 1
    rate = torch.tensor(settings.learning_rate, device=device)
    optimiser = torch.optim.AdamW(
        _parameter_groups(network, settings.weight_decay),
        lr=rate if is_captured else settings.learning_rate, betas=(0.9, 0.98),
        capturable=is_captured)
    progress: dict[str, Any] = {'step': 0, 'best': None}
    checkpoint = out / 'checkpoint.safetensors'
    if resume and checkpoint.exists():
        groups, progress = load_checkpoint(checkpoint, optimiser, rng)
        network.load_state_dict(groups['network'])
        average.load_state_dict(groups['average'])
        if rank > 0:  # the checkpoint holds the first process's generator
            rng = np.random.default_rng((config.seed, rank, progress['step']))
    # The network alone: bf16 features and forward kinematics would be off by millimetres.
    forward = torch.autocast(device.type, torch.bfloat16, settings.precision == 'bf16')(
        DistributedDataParallel(network) if world > 1 else network)

    update = OptimisationStep(
        lambda _, batch: training.loss(forward, batch), network, optimiser,
        settings.clip_norm, is_captured)

    bar = tqdm(range(progress['step'], settings.steps), disable=None if rank == 0 else True,
               initial=progress['step'], total=settings.steps, unit='step')
    started = time.monotonic()
    for step in bar:
        batch = training.draw(settings.batch // world, rng, device)
        network.train()
        terms = update(batch, learning_rate(step, settings))
        _update_average(average, network, min(settings.ema_decay, (step + 1) / (step + 10)))

        done = step + 1
        if rank == 0 and done % _LOG_EVERY == 0:
            values = {name: round(float(value), 5) for name, value in terms.items()}
            _record(out, {'step': done, 'seconds': round(time.monotonic() - started, 1), **values})
        if rank == 0 and (done % settings.validate_every == 0 or done == settings.steps):
            figures = training.validate(average, device)
            _record(out, {'step': done, **figures})
            _LOG.info('step %d of %d: %s', done, settings.steps, figures)
            if progress['best'] is None or figures['score'] < progress['best']['score']:
                progress['best'] = {'step': done, **figures}
                write_model_folder(out / 'model', training.model_config(), average)
            progress['step'] = done
            save_checkpoint(
                checkpoint,
                {'network': network.state_dict(), 'average': average.state_dict()},
                optimiser, rng, progress)
    if world > 1:
        torch.distributed.barrier()  # a stage to come reads what the first process wrote
    return progress['best']


def part_processes() -> None:
    """End what `train` began with other processes, after the last stage."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def training_device() -> torch.device:
    """Return this process's device, by torchrun where there are several."""
    if torch.cuda.is_available():
        return torch.device('cuda', int(os.environ.get('LOCAL_RANK', '0')))
    return torch.device('cpu')


def _join_processes() -> tuple[int, int, torch.device]:
    """Return this process's rank over all hosts, their number, and its device, by torchrun."""
    world = int(os.environ.get('WORLD_SIZE', '1'))
    # Once for all stages: processes that meet again may find each other's old addresses.
    if world > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group('nccl' if torch.cuda.is_available() else 'gloo')
    device = training_device()
    if device.type == 'cuda':
        torch.cuda.set_device(device)
    return int(os.environ.get('RANK', '0')), world, device


def _parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Decay matrices only: not biases, norms and lag biases."""
    matrices = {
        f'{prefix}.weight' for prefix, module in network.named_modules()
        if isinstance(module, nn.Linear)}
    named = dict(network.named_parameters())
    return [
        {'params': [p for n, p in named.items() if n in matrices], 'weight_decay': weight_decay},
        {'params': [p for n, p in named.items() if n not in matrices], 'weight_decay': 0.0},
    ]


@torch.no_grad()
def _update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1.0 - decay)
    # What is learnt without gradients, such as codes, is an average already.
    for kept, new in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(new)


def _record(out: Path, values: dict[str, Any]) -> None:
    with (out / 'log.jsonl').open('a') as file:
        file.write(json.dumps(values) + '\n')
