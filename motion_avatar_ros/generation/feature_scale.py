# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Motion features as networks see them: about zero, about one, the root and the feet louder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motion_avatar_ros.generation.motion_features import CONTACTS, HEIGHT

Array = Any     # numpy.ndarray or torch.Tensor

_LOUDER = 5.0       # "feat_bias" of HumanML3D's loaders
_LEAST_STD = 1e-3   # of what hardly ever changes


@dataclass(frozen=True)
class FeatureScale:
    """
    Mean and divisor (269,) of each feature.

    Attributes:
        mean: of the training frames.
        std: their deviation, a fifth of it for the root's four and the contacts.
    """

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, frames: np.ndarray) -> FeatureScale:
        """Return the scale of training frames (T, 269)."""
        return cls.of_deviation(frames.mean(axis=0), frames.std(axis=0))

    @classmethod
    def of_deviation(cls, mean: np.ndarray, deviation: np.ndarray) -> FeatureScale:
        """Return the scale of frames with a mean and a deviation (269,)."""
        std = np.maximum(deviation, _LEAST_STD)
        std[:HEIGHT.stop] /= _LOUDER
        std[CONTACTS] /= _LOUDER
        return cls(mean.astype(np.float32), std.astype(np.float32))

    def as_arrays(self) -> dict[str, np.ndarray]:
        """Return what a file keeps of it, see `of_arrays`."""
        return {'feature_mean': self.mean, 'feature_std': self.std}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> FeatureScale:
        """Return the scale that `as_arrays` made; KeyError without one among the arrays."""
        return cls(arrays['feature_mean'], arrays['feature_std'])

    def normalise(self, features: Array) -> Array:
        """Return features (..., 269) as networks see them."""
        return (features - self.mean) / self.std

    def denormalise(self, features: Array) -> Array:
        """Return what networks give as features (..., 269)."""
        return features * self.std + self.mean
