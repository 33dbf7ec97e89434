# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which parts of a robot may touch, and how far apart they are.

Arms keep from trunk, head, legs and each other; legs from each other. Parts that are closer than
the margin in the neutral pose may be as close as they are there. Not looked at are parts whose
capsules overlap there, and legs that have hardly any room there: their capsules say too little of
them. Legs need no margin: people stand and walk with theirs closer than robots can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.retarget.capsules import Capsule
from motion_avatar_ros.retarget.kernel_library import address, kernel

_SLACK_M = 0.01     # the solver weighs distances against tasks
_LEG_ROOM_M = 0.05  # between legs in the neutral pose, for them to be looked at


@dataclass(frozen=True)
class Nearness:
    """
    Pairs of parts in a pose.

    Attributes:
        room_m: (P,) distance of the surfaces beyond what is allowed.
        points: (P, 2, 3) [m] on the axes, where they are closest.
    """

    room_m: np.ndarray
    points: np.ndarray


class SelfCollision:
    """Pairs of capsules that are kept apart."""

    def __init__(self, capsules: Sequence[Capsule], margin_m: float) -> None:
        """
        Choose the pairs.

        Args:
            capsules: of all parts, all joints at zero.
            margin_m: least distance of their surfaces.
        """
        self.capsules = tuple(capsules)
        #: (P, 2) numbers of the capsules of each pair.
        self.pairs = np.array([
            (a, b) for a, first in enumerate(capsules) for b, second in enumerate(capsules)
            if a < b and _may_touch(first.name, second.name)], dtype=int).reshape(-1, 2)
        radii = np.array([capsule.radius_m for capsule in capsules])
        thickness = radii[self.pairs].sum(axis=1)
        ends = np.stack([capsule.ends for capsule in capsules])
        neutral_m = _closest(ends, self.pairs)[0] - thickness
        are_legs = np.array([
            all('leg' in capsules[number].name for number in pair) for pair in self.pairs])
        is_told = neutral_m >= np.where(are_legs, _LEG_ROOM_M, 0.0)
        self.pairs, thickness, neutral_m, are_legs = (
            each[is_told] for each in (self.pairs, thickness, neutral_m, are_legs))
        #: (P,) whether both of a pair are of legs.
        self.are_legs = are_legs
        #: (P,) least distance [m] of a pair's surfaces.
        self.asked_m = np.minimum(np.where(are_legs, 0.0, margin_m), neutral_m)
        #: (P,) that of their axes.
        self.least_m = thickness + self.asked_m
        #: (P,) what the solver keeps to, so that it holds when it gives in a little.
        self.kept_m = thickness + np.minimum(self.asked_m + _SLACK_M, neutral_m)

    def nearness(self, ends: np.ndarray) -> Nearness:
        """Return how the pairs are, of the capsules' ends (C, 2, 3) [m] in a pose."""
        distance_m, points = _closest(ends, self.pairs)
        return Nearness(distance_m - self.least_m, points)


def _closest(ends: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return distances (P,) and closest points (P, 2, 3) [m] of the axes of pairs (P, 2)."""
    segments = np.ascontiguousarray(ends, dtype=float)
    numbers = np.ascontiguousarray(pairs, dtype=np.int32)
    distances, points = np.empty(len(pairs)), np.empty((len(pairs), 2, 3))
    kernel().pair_distances(
        address(segments), address(numbers), len(pairs), address(distances), address(points))
    return distances, points


def _may_touch(first: str, second: str) -> bool:
    """Say whether two parts may touch at all; joints that are neighbours have limits for it."""
    limb, _, part = first.partition(' ')
    other_limb, _, other_part = second.partition(' ')
    if limb == other_limb:
        return False
    is_arm, is_other_arm = limb.endswith('arm'), other_limb.endswith('arm')
    if is_arm and is_other_arm:
        return 'upper' not in (part, other_part) or part != other_part
    if limb.endswith('leg') and other_limb.endswith('leg'):
        return True
    if is_arm or is_other_arm:
        return (part if is_arm else other_part) != 'upper'
    return False
