# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From the error that a network predicts of itself to the confidence that nodes publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Expected mean joint error [m] at which the confidence is one half.
HALF_CONFIDENCE_M = 0.1


@dataclass(frozen=True)
class ConfidenceScale:
    """
    What a predicted error means: a rising line through points, in proportion beyond its ends.

    A network predicts the error of what it is trained on, so it is too sure of itself; the
    points are fitted on clips that it has not seen. The identity unless given.

    Attributes:
        predicted_m: of the upper and of the lower body, what the network predicts [m], rising.
        expected_m: at each, the mean joint error to expect of it [m], never falling.
    """

    predicted_m: tuple[tuple[float, ...], ...] = ((0.1,), (0.1,))
    expected_m: tuple[tuple[float, ...], ...] = ((0.1,), (0.1,))

    def __post_init__(self) -> None:
        if len(self.predicted_m) != 2 or len(self.expected_m) != 2:
            raise ValueError('confidence: predicted_m and expected_m are each of two halves')
        for x, y in zip(self.predicted_m, self.expected_m, strict=True):
            is_rising = (np.diff(x) > 0.0).all() and (np.diff(y) >= 0.0).all()
            if not (0 < len(x) == len(y) and x[0] > 0.0 and y[0] > 0.0 and is_rising
                    and np.isfinite((x[-1], y[-1])).all()):
                raise ValueError(
                    f'confidence: {x} is mapped to {y}; allowed: as many errors [m] above 0, '
                    'rising')

    @classmethod
    def of_config(cls, values: Mapping[str, Any]) -> ConfidenceScale:
        """Read `as_dict`'s values; ValueError or TypeError where they are something else."""
        return cls(**{
            name: tuple(tuple(float(value) for value in half) for half in halves)
            for name, halves in values.items()})

    def as_dict(self) -> dict[str, list[list[float]]]:
        """Return what config.yaml of a model holds under `confidence`."""
        return {
            'predicted_m': [list(half) for half in self.predicted_m],
            'expected_m': [list(half) for half in self.expected_m]}

    def confidence(self, predicted_m: np.ndarray) -> np.ndarray:
        """Return confidences in 0..1 of predicted errors (..., 2) [m]."""
        expected_m = np.stack([
            np.interp(predicted_m[..., half], x, y)
            * np.minimum(predicted_m[..., half] / x[0], 1.0)
            * np.maximum(predicted_m[..., half] / x[-1], 1.0)
            for half, (x, y) in enumerate(zip(self.predicted_m, self.expected_m, strict=True))
        ], axis=-1)
        return HALF_CONFIDENCE_M / (HALF_CONFIDENCE_M + expected_m)


def expected_error_m(confidence: np.ndarray) -> np.ndarray:
    """Return the mean joint error [m] that a confidence above 0 stands for."""
    return HALF_CONFIDENCE_M * (1.0 / confidence - 1.0)
