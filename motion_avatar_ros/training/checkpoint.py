# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints without pickles: tensors in safetensors, everything else in its JSON metadata."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.torch import save_file
import torch
from torch import Tensor


def save_checkpoint(
    path: Path,
    tensors: dict[str, dict[str, Tensor]],
    optimiser: torch.optim.Optimizer,
    rng: np.random.Generator,
    progress: dict[str, Any],
) -> None:
    """
    Write a run's whole state; a crash in between leaves the checkpoint before intact.

    Args:
        path: the file.
        tensors: groups of named tensors, such as 'network' and 'ema'.
        optimiser: its moments and step counts are kept; its hyper-parameters are the config's.
        rng: the generator that draws batches.
        progress: JSON-able values.
    """
    flat = {f'{group}/{name}': t for group, named in tensors.items() for name, t in named.items()}
    for index, state in optimiser.state_dict()['state'].items():
        flat.update({f'optimiser/{index}/{key}': value for key, value in state.items()})
    flat['torch_rng'] = torch.get_rng_state()
    flat = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in flat.items()}
    metadata = {'progress': json.dumps(progress), 'rng': json.dumps(rng.bit_generator.state)}
    partial = path.with_suffix('.partial')
    save_file(flat, partial, metadata)
    os.replace(partial, path)


def load_checkpoint(
    path: Path, optimiser: torch.optim.Optimizer, rng: np.random.Generator
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """Restore optimiser and generators in place; return the tensor groups and the progress."""
    groups: dict[str, dict[str, Tensor]] = {}
    moments: dict[int, dict[str, Tensor]] = {}
    with safe_open(path, 'pt') as file:
        metadata = file.metadata()
        for key in file.keys():
            group, _, name = key.partition('/')
            if group == 'optimiser':
                index, _, moment = name.partition('/')
                moments.setdefault(int(index), {})[moment] = file.get_tensor(key)
            elif group == 'torch_rng':
                torch.set_rng_state(file.get_tensor(key))
            else:
                groups.setdefault(group, {})[name] = file.get_tensor(key)
    optimiser.load_state_dict({**optimiser.state_dict(), 'state': moments})
    rng.bit_generator.state = json.loads(metadata['rng'])
    return groups, json.loads(metadata['progress'])
