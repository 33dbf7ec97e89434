# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which trackers are there in a training window: sets that people wear, and dropouts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES

#: Sets by share of the windows; the first is what most people have. In the rest of the windows
#: every tracker but the head is there or not by a coin.
_SETS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.52, TRACKER_NAMES),
    (0.06, ('head',)),
    (0.04, ('head', 'left_hand')),
    (0.04, ('head', 'right_hand')),
    (0.08, (*TRACKER_NAMES, 'pelvis')),
    (0.04, (*TRACKER_NAMES, 'left_foot', 'right_foot')),
    (0.12, (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES)),
)


@dataclass(frozen=True)
class PresenceConfig:
    """How often and how long trackers other than the head drop out of a window."""

    dropout_probability: float = 0.15   # Of each tracker that is there.
    dropout_s: tuple[float, float] = (0.1, 2.0)


def draw_presence(
    names: Sequence[str], batch: int, frames: int, rate_hz: float, config: PresenceConfig,
    rng: np.random.Generator,
) -> Tensor:
    """
    Draw who is there.

    Args:
        names: N trackers, the head first.
        batch: B windows of `frames` T frames.
        rate_hz: frames per second.
        config: of the dropouts.
        rng: decides.

    Returns:
        (B, T, N) bool; the head is always there.
    """
    members = np.array([[name in worn for name in names] for _, worn in _SETS])
    shares = np.cumsum([share for share, _ in _SETS])
    drawn = np.searchsorted(shares, rng.random(batch), side='right')
    by_coin = rng.random((batch, len(names))) < 0.5
    by_coin[:, 0] = True
    worn = np.where(
        (drawn < len(_SETS))[:, None], members[np.minimum(drawn, len(_SETS) - 1)], by_coin)
    present = np.repeat(worn[:, None], frames, axis=1)
    lost = rng.random((batch, len(names))) < config.dropout_probability
    lost[:, 0] = False
    for window, tracker in zip(*np.nonzero(lost), strict=True):
        length = round(rng.uniform(*config.dropout_s) * rate_hz)
        start = int(rng.integers(1 - length, frames))
        present[window, max(0, start):start + length, tracker] = False
    return torch.from_numpy(present)
