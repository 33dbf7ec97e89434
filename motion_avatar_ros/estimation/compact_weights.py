# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Weights at a byte each: matrices as int8 with a scale per row, for models that ship.

A row is rounded to 127 steps of its largest entry; computation stays in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor

_SCALE = '.row_scale'
_LEAST_ENTRIES = 4096   # smaller ones save nothing


def compacted(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with large floating-point matrices (rows, ...) as int8 and row scales."""
    result = {}
    for name, tensor in tensors.items():
        if tensor.ndim < 2 or tensor.numel() < _LEAST_ENTRIES or not tensor.is_floating_point():
            result[name] = tensor
            continue
        rows = tensor.float().flatten(1)
        scale = rows.abs().amax(dim=1).clamp_min(1e-12) / 127.0
        result[name] = (rows / scale[:, None]).round().to(torch.int8).reshape(tensor.shape)
        result[name + _SCALE] = scale
    return result


def expanded(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """
    Return tensors as float32, whether or not they were compacted.

    Raises:
        ValueError: the scales are not those of the rows.
    """
    result = {}
    for name, tensor in tensors.items():
        if name.endswith(_SCALE):
            continue
        scale = tensors.get(name + _SCALE)
        value = tensor.float()
        if scale is not None and scale.shape != tensor.shape[:1]:
            raise ValueError(f"'{name}' has no scale for each of its rows")
        result[name] = value if scale is None else (
            value * scale.float().reshape(-1, *(1,) * (value.ndim - 1)))
    return result
