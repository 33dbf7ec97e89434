# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A robot's joints as unbranched runs, and those of them that mirror each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.retarget.robot_model import Joint

_LEAST_APART_M = 0.02
_PARALLEL = 0.98  # cosine of the angle between what lies across
_LIMB_JOINTS = 4


@dataclass(frozen=True)
class Run:
    """
    Joints one after the other, up to where the tree branches or ends.

    Attributes:
        joints: their numbers.
        parent: number of the run that it hangs on, -1 for the base.
    """

    joints: tuple[int, ...]
    parent: int


@dataclass(frozen=True)
class MirroredPair:
    """
    Two runs on either side of the body.

    Attributes:
        runs: their numbers.
        across: (3,) unit vector from the second to the first.
        reach_m: length of one along its joints.
        parent: number of the run both hang on, -1 for the base.
    """

    runs: tuple[int, int]
    across: np.ndarray
    reach_m: float
    parent: int


def find_runs(joints: Sequence[Joint]) -> list[Run]:
    """Cut a tree into its runs."""
    children: dict[int, list[int]] = {number: [] for number in range(-1, len(joints))}
    for number, joint in enumerate(joints):
        children[joint.parent].append(number)
    runs: list[Run] = []
    waiting = [(child, -1) for child in children[-1]]
    while waiting:
        first, parent = waiting.pop(0)
        members = [first]
        while len(children[members[-1]]) == 1:
            members.append(children[members[-1]][0])
        runs.append(Run(tuple(members), parent))
        waiting += [(child, len(runs) - 1) for child in children[members[-1]]]
    return runs


def mirrored_pairs(joints: Sequence[Joint], runs: Sequence[Run]) -> list[MirroredPair]:
    """Return the pairs of runs long enough for limbs, the longest first."""
    pairs = []
    for a, first in enumerate(runs):
        for b in range(a + 1, len(runs)):
            second = runs[b]
            if first.parent != second.parent or len(first.joints) != len(second.joints) or (
                    len(first.joints) < _LIMB_JOINTS):
                continue
            places = [
                np.array([joints[number].position for number in run.joints])
                for run in (first, second)]
            between = places[0] - places[1]
            apart_m = np.linalg.norm(between, axis=1)
            # A collar's first joint may lie in the middle.
            is_apart = apart_m > _LEAST_APART_M
            if is_apart.sum() < _LIMB_JOINTS or not is_apart[np.argmax(is_apart):].all():
                continue
            directions = between[is_apart] / apart_m[is_apart, None]
            across = directions.mean(axis=0)
            across /= np.linalg.norm(across)
            if (directions @ across).min() < _PARALLEL:
                continue
            reach_m = float(np.linalg.norm(np.diff(places[0], axis=0), axis=1).sum())
            pairs.append(MirroredPair((a, b), across, reach_m, first.parent))
    return sorted(pairs, key=lambda pair: -pair.reach_m)


def trunk_of(runs: Sequence[Run], run: int) -> tuple[int, ...]:
    """Return the joints from the base to the end of a run, -1 having none."""
    joints: tuple[int, ...] = ()
    while run >= 0:
        joints = runs[run].joints + joints
        run = runs[run].parent
    return joints
