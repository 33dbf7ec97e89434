# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Hints that the two hand trackers are swapped; nothing is changed.

Swapped from the start: seen from the head, the left hand stays right of the right hand, also
with the arms apart. Arms that cross do that too, but not with the hands so far from each other.

Exchanged during the session, as devices are that vanish together and are found again the other
way round: where both hands were last seen and are next seen, each is where the other one was.
Places are relative to the head, so that a tracking space that moved meanwhile is no exchange.

Both take the heading of the head for the body's: with a head device that is worn turned they
need the calibrated head, to about 45 degrees. Only places of the hands count, so that devices
worn beside their joints, by ten centimetres or so, or turned, do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np

from motion_avatar_ros.body.rotations import apply, rotation_about_z
from motion_avatar_ros.trackers.heading import heading_angles

_MAX_GAP_S = 0.25  # over which the hands count as seen all the time
# Hands that are as far apart as this hardly change places within _BLIND_S. A jump that lasts is
# believed after 0.3 s by the default gate.
_EXCHANGE_APART_M = 0.3
_BLIND_S = 0.5
_NEARER = 0.6  # than to its own place, a hand is to the other's after an exchange
_WEIGHTS = np.array([0.5, 1.0, 0.5])  # hands swing forwards and upwards faster than sideways


@dataclass(frozen=True)
class SwapSettings:
    """
    When hands look swapped.

    Attributes:
        apart_m: how far the left hand is right of the right one; folded arms put the hands at
            most at the other arm's elbow.
        after_s: how long.
    """

    apart_m: float = 0.45
    after_s: float = 1.0


class SwapWatch:
    """
    Watches the frames of one operator.

    Attributes:
        looks_swapped: whether the left hand has long been right of the right one.
        exchanged: how often the hands exchanged their trackers. After an odd number they are
            the other way round than at the start.
    """

    def __init__(self, settings: SwapSettings = SwapSettings()) -> None:
        self._settings = settings
        self._swapped_since_ns: int | None = None
        self._last_ns: int | None = None
        self._last_hands: np.ndarray | None = None  # left and right, seen from the head
        self.looks_swapped = False
        self.exchanged = 0

    def clear(self) -> None:
        """Start over, as for another operator."""
        self._swapped_since_ns = self._last_ns = self._last_hands = None
        self.looks_swapped = False
        self.exchanged = 0

    def update(
        self, stamps_ns: np.ndarray, rotations: np.ndarray, positions: np.ndarray,
    ) -> bool:
        """
        Take consecutive frames and say whether the hands have looked swapped for long.

        Args:
            stamps_ns: (T,).
            rotations: (T, N, 3, 3) in the z-up world, SMPL body axes; head, left hand, right
                hand first.
            positions: (T, N, 3) [m] in the world. A hand that is NaN is not there.
        """
        is_seen = np.isfinite(positions[:, 1:3]).all(axis=(1, 2))
        if is_seen.any():
            to_head = rotation_about_z(-heading_angles(rotations[is_seen, 0]))[:, None]
            hands = apply(to_head, positions[is_seen, 1:3] - positions[is_seen, :1])
            for stamp_ns, places in zip(stamps_ns[is_seen].tolist(), hands):
                self._look(stamp_ns, places)
        return self.looks_swapped

    def _look(self, stamp_ns: int, hands: np.ndarray) -> None:
        last_ns, last_hands = self._last_ns, self._last_hands
        self._last_ns, self._last_hands = stamp_ns, hands
        elapsed_s = 0.0 if last_ns is None else (stamp_ns - last_ns) * 1e-9
        if last_hands is not None and 0.0 < elapsed_s <= _BLIND_S:
            self.exchanged += _are_exchanged(last_hands, hands)
        # The left is along the y axis of a heading frame.
        if hands[0, 1] - hands[1, 1] > -self._settings.apart_m:
            self._swapped_since_ns = None
        elif self._swapped_since_ns is None or not 0.0 < elapsed_s <= _MAX_GAP_S:
            self._swapped_since_ns = stamp_ns
        since_ns = self._swapped_since_ns
        self.looks_swapped = since_ns is not None and (
            stamp_ns - since_ns > self._settings.after_s * 1e9)


def _are_exchanged(before: np.ndarray, after: np.ndarray) -> bool:
    (left, right), (new_left, new_right) = (_WEIGHTS * before).tolist(), (
        _WEIGHTS * after).tolist()
    return (
        math.dist(left, right) > _EXCHANGE_APART_M
        and math.dist(new_left, right) < _NEARER * math.dist(new_left, left)
        and math.dist(new_right, left) < _NEARER * math.dist(new_right, right))
