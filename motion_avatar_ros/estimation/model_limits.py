# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What the config.yaml of a model folder may ask for, checked before anything is built of it.

A folder may come from a stranger: a single number in it could ask for more memory or time than
there is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from motion_avatar_ros.errors import ModelFolderError
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES

MOST_WEIGHTS_BYTES = 4_000_000_000
_RATE_HZ = (1.0, 1000.0)
_MOST_LAYERS, _MOST_STEPS, _MOST_TRAINING_STEPS, _MOST = 64, 32, 10_000, 4096
_TRACKERS = (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)

Network = TypeVar('Network', bound=nn.Module)


def check_model_config(folder: Path, config: dict[str, Any]) -> None:
    """
    Check rate, trackers, sampler and the numbers of the network.

    Raises:
        ModelFolderError: a value is missing, of the wrong type, or out of range.
    """
    rate_hz = config.get('rate_hz')
    if isinstance(rate_hz, bool) or not isinstance(rate_hz, int | float) or not (
            _RATE_HZ[0] <= rate_hz <= _RATE_HZ[1]):
        raise _error(folder, 'rate_hz', rate_hz, f'{_RATE_HZ[0]:g} to {_RATE_HZ[1]:g}')
    for key in ('trackers', 'required_trackers'):
        names = config.get(key, config.get('trackers'))
        if not isinstance(names, list) or not names or any(
                not isinstance(name, str) or name not in _TRACKERS for name in names) or (
                len(set(names)) < len(names)):
            raise _error(folder, key, names, f'names out of {", ".join(_TRACKERS)}, once each')
    if config['trackers'][0] != TRACKER_NAMES[0]:
        raise _error(folder, 'trackers', config['trackers'], f'{TRACKER_NAMES[0]} first')
    sampler = config.get('sampler', {'steps': 1, 'seed': 0})
    if not isinstance(sampler, dict):
        raise _error(folder, 'sampler', sampler, 'steps and seed')
    for key, most in (('steps', _MOST_STEPS), ('seed', 2 ** 32)):
        value = sampler.get(key)
        if type(value) is not int or not 0 <= value <= most:
            raise _error(folder, f'sampler.{key}', value, f'0 to {most}')
    network = config.get('network')
    if not isinstance(network, dict):
        raise _error(folder, 'network', network, 'names and numbers')
    for key, value in network.items():
        _check_size(folder, str(key), value)


def built_network(folder: Path, weights: Path, build: Callable[[], Network]) -> Network:
    """
    Build a network, once it is known to have no more weights than the file has bytes.

    Raises:
        ModelFolderError: it has, or cannot be built, or there is no such file.
    """
    try:
        size = weights.stat().st_size
    except OSError as error:
        raise ModelFolderError(folder, f'{weights.name}: {error.strerror}') from None
    if size > MOST_WEIGHTS_BYTES:
        raise ModelFolderError(
            folder, f'{weights.name} has more than {MOST_WEIGHTS_BYTES:,} bytes')
    try:
        with torch.device('meta'):
            sketch = build()
        count = sum(tensor.numel() for tensor in sketch.state_dict().values())
        if count <= size:
            return build()
    except Exception as error:  # torch lets through whatever the numbers cause
        raise ModelFolderError(
            folder, f'config.yaml: network: {" ".join(str(error).split())}') from None
    raise ModelFolderError(
        folder, f'weights do not fit config.yaml: a network of {count:,} numbers, and '
        f'{weights.name} has {size:,} bytes')


def _check_size(folder: Path, key: str, value: Any) -> None:
    numbers = value if isinstance(value, list) else [value]
    is_deep = key.endswith(('layers', 'blocks'))
    most = _MOST_LAYERS if is_deep else (
        _MOST_TRAINING_STEPS if key == 'training_steps' else _MOST)
    for number in numbers:
        if isinstance(number, int | float) and not isinstance(number, bool) and not (
                0 <= number <= most):
            raise _error(folder, f'network.{key}', number, f'0 to {most}')
        if not isinstance(number, int | float | str):
            raise _error(folder, f'network.{key}', number, 'numbers and words')
    if len(numbers) > _MOST_LAYERS:
        raise _error(folder, f'network.{key}', value, f'at most {_MOST_LAYERS} numbers')


def _error(folder: Path, key: str, value: Any, allowed: str) -> ModelFolderError:
    return ModelFolderError(folder, f'config.yaml: {key} is {value!r}; allowed: {allowed}')
