# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Types of command line options; each refuses in one line that says what is allowed."""

from __future__ import annotations

from argparse import ArgumentTypeError
import math

from motion_avatar_ros.estimation.one_euro_estimator import PoseSmoothing
from motion_avatar_ros.estimation.window_overlap import WindowError, WindowOverlap


def positive_number(text: str) -> float:
    """Return a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0.0):
        raise ArgumentTypeError(f"'{text}' is not a positive number")
    return value


def amount(text: str) -> float:
    """Return a finite number of at least 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value < math.inf:
        raise ArgumentTypeError(f"'{text}' is not a number of at least 0")
    return value


def positive_count(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    """Return names separated by commas."""
    return tuple(name.strip() for name in text.split(',') if name.strip())


def distinct_names(text: str) -> tuple[str, ...]:
    """Return at least one name, none of them twice."""
    given = names(text)
    if not given or len(set(given)) < len(given):
        raise ArgumentTypeError(f"'{text}' is not one name or more, each once, with commas")
    return given


def pose_smoothing(text: str) -> PoseSmoothing:
    """Return a filter from its minimum cutoff above 0 [Hz] and its beta of at least 0."""
    parts = text.split(',')
    if len(parts) != 2:
        raise ArgumentTypeError(
            f"'{text}' is not MIN_CUTOFF,BETA: a cutoff above 0 [Hz] and a beta of at least 0 "
            '[Hz per rad/s]')
    return PoseSmoothing(positive_number(parts[0]), amount(parts[1]))


def window_overlap(text: str) -> WindowOverlap:
    """Return windows from their length and their overlap [frames]."""
    parts = text.split(',')
    if len(parts) != 2:
        raise ArgumentTypeError(f"'{text}' is not FRAMES,OVERLAP: two whole numbers")
    try:
        return WindowOverlap(positive_count(parts[0]), positive_count(parts[1]))
    except WindowError as error:
        raise ArgumentTypeError(str(error)) from None
