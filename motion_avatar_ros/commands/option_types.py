# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Types of command line options; each refuses in one line that says what is allowed."""

from __future__ import annotations

from argparse import ArgumentTypeError
import math


def positive_number(text: str) -> float:
    """Return a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0.0):
        raise ArgumentTypeError(f"'{text}' is not a positive number")
    return value
