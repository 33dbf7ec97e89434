# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A head that begins near zero: an untrained network gives the mean pose."""

from __future__ import annotations

from torch import nn


def output_head(width: int, outputs: int) -> nn.Sequential:
    """Return two layers from (..., width) to (..., outputs)."""
    first, last = nn.Linear(width, width), nn.Linear(width, outputs)
    nn.init.zeros_(last.bias)
    nn.init.normal_(last.weight, std=1e-3)
    return nn.Sequential(first, nn.GELU(), last)
