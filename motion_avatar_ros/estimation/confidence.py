# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From an expected error to the confidence that nodes publish."""

from __future__ import annotations

import numpy as np

#: Expected mean joint error [m] at which the confidence is one half.
HALF_CONFIDENCE_M = 0.1


def confidence_of(error_m: np.ndarray) -> np.ndarray:
    """Return confidences in 0..1, of the shape of the expected errors [m]."""
    return HALF_CONFIDENCE_M / (HALF_CONFIDENCE_M + error_m)
