# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures of validation, batch by batch, and their means."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor


class MeanFigures:
    """Named figures, each batch counting alike."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add(self, figures: Mapping[str, Tensor | float], prefix: str = '') -> None:
        """Take a batch's figures, their names behind a prefix."""
        for name, value in figures.items():
            self._values.setdefault(prefix + name, []).append(float(value))

    def means(self) -> dict[str, float]:
        """Return the mean of each."""
        return {name: float(np.mean(values)) for name, values in self._values.items()}
