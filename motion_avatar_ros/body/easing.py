# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Smooth transitions from 0 to 1 that start and end at rest, all twice differentiable."""

from __future__ import annotations

import numpy as np


def ease(fraction: np.ndarray) -> np.ndarray:
    """Return the minimum-jerk step: 0 up to fraction 0, 1 from fraction 1 on."""
    x = np.clip(fraction, 0.0, 1.0)
    return x * x * x * (10.0 + x * (6.0 * x - 15.0))


def glide(fraction: np.ndarray, ramp: float) -> np.ndarray:
    """
    Return a step of constant speed between two soft ramps.

    Args:
        fraction: (...) 0 at the start, 1 at the end; held beyond.
        ramp: part of the step, up to 0.5, in which the speed rises, and again falls.
    """
    x = np.clip(fraction, 0.0, 1.0)
    area = _ramp_area(x / ramp) - _ramp_area((x - (1.0 - ramp)) / ramp)
    return ramp * area / (1.0 - ramp)


def pulse(
    times_s: np.ndarray, start_s: float, end_s: float, rise_s: float, fall_s: float
) -> np.ndarray:
    """Return 1 between start and end, with soft flanks inside that stretch, else 0."""
    return ease((times_s - start_s) / rise_s) * (1.0 - ease((times_s - end_s + fall_s) / fall_s))


def _ramp_area(x: np.ndarray) -> np.ndarray:
    """Return the integral of the smooth ramp 3 x^2 - 2 x^3 that goes on at 1 beyond x = 1."""
    inside = np.clip(x, 0.0, 1.0)
    return inside**3 - 0.5 * inside**4 + np.maximum(x - 1.0, 0.0)
