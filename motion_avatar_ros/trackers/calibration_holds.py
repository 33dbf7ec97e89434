# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a calibration in which the operator holds still: T-pose, then arms down."""

from __future__ import annotations

from abc import abstractmethod
import math

import numpy as np

from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.trackers.calibration import CalibrationRefusedError
from motion_avatar_ros.trackers.calibration_step import (
    CalibrationStep, DeviceFrame, Shortfall, Stance,
)
from motion_avatar_ros.trackers.heading import heading_angles

_STILL_M, _STILL_RAD = 0.08, math.radians(15.0)
_LEAST_SPAN_M = 0.85  # the smallest operator's, the devices worn 10 cm inwards
_LEVEL_M = 0.25
_ABOVE_HEAD_M = 0.2
_SWAPPED_COS = -0.5
# Parts of the distance of the hands in the T-pose: how far they may be below the head, and their
# middle from it; then of hanging hands: least and largest drop from the T-pose, and largest
# distance from each other and from the head.
_BELOW_HEAD, _OFF_HEAD = 0.33, 0.3
_LEAST_DROP, _MOST_DROP, _HANGING_APART, _HANGING_OFF_HEAD = 0.2, 0.7, 0.75, 0.5


class HeldStep(CalibrationStep):
    """A pose that is held still; what is recorded is the hold."""

    def add(self, frame: DeviceFrame) -> None:
        """Record a frame in the pose; start over when it is left, forget what it moved from."""
        shortfall = self._shortfall(frame)
        if shortfall is not None:
            self._frames.clear()
        else:
            while self._frames and (movement := self._movement(frame)) is not None:
                shortfall = shortfall or movement
                del self._frames[0]
            self._frames.append(frame)
        self._note(shortfall)
        self.progress = min(1.0, self._recorded_s / self.duration_s)

    @abstractmethod
    def _shortfall(self, frame: DeviceFrame) -> Shortfall | None:
        """Return what is lacking to the pose, None when it is right."""

    def _movement(self, frame: DeviceFrame) -> Shortfall | None:
        first = self._frames[0]
        rows = frame.rows
        moved_m = float(np.linalg.norm(
            frame.positions[rows] - first.positions[rows], axis=-1).max())
        turned_rad = float(geodesic_angle(frame.rotations[rows], first.rotations[rows]).max())
        if moved_m <= _STILL_M and turned_rad <= _STILL_RAD:
            return None
        held_s = frame.time_s - first.time_s
        return Shortfall(
            10.0 + held_s,
            f'it was held for {held_s:.1f} s only, then moved by {_cm(moved_m)} and '
            f'{math.degrees(turned_rad):.0f} degrees; {self.duration_s:g} s within '
            f'{_cm(_STILL_M)} and {math.degrees(_STILL_RAD):.0f} degrees are expected',
            'hold still')


class TPose(HeldStep):
    """Both arms stretched to the sides."""

    name = 't_pose'
    prompt = ('Stretch both arms to the sides, palms down, look straight ahead, and hold '
              'still')
    noun = 'the T-pose'

    @property
    def stance(self) -> Stance:
        """The operator, once the step is done."""
        return Stance.of(self._frames[len(self._frames) // 2])

    def check(self) -> None:
        """Refuse hands that are on the wrong side."""
        frame = self._frames[len(self._frames) // 2]
        heading = float(heading_angles(frame.rotations[None, frame.head])[0])
        leftward = np.array([-math.sin(heading), math.cos(heading), 0.0])
        if float(leftward @ self.stance.leftward) < _SWAPPED_COS:
            raise CalibrationRefusedError(
                'the left hand was on the right: are the left and the right tracker swapped?')

    def _shortfall(self, frame: DeviceFrame) -> Shortfall | None:
        left, right = frame.hands_m
        span_m = math.hypot(*(left - right)[:2])
        if span_m < _LEAST_SPAN_M:
            return Shortfall(
                span_m, f'the hands were {_cm(span_m)} apart, at least {_cm(_LEAST_SPAN_M)} is '
                'expected', 'stretch both arms out to the sides')
        higher_m = float(left[2] - right[2])
        if abs(higher_m) > _LEVEL_M:
            low, high = ('right', 'left') if higher_m > 0.0 else ('left', 'right')
            return Shortfall(
                2.0 + 1.0 / (1.0 + abs(higher_m)),
                f'the {high} hand was {_cm(abs(higher_m))} higher than the {low} one, at most '
                f'{_cm(_LEVEL_M)} is expected', f'lift the {low} arm as high as the {high} one')
        below_m = float(frame.below_head_m.mean())
        if not -_ABOVE_HEAD_M <= below_m <= _BELOW_HEAD * span_m:
            verb = 'lift' if below_m > 0.0 else 'lower'
            return Shortfall(
                4.0 + 1.0 / (1.0 + abs(below_m)),
                f'the hands were {_cm(abs(below_m))} {"below" if below_m > 0.0 else "above"} the '
                f'head, {_cm(_ABOVE_HEAD_M)} above to {_cm(_BELOW_HEAD * span_m)} below is '
                'expected', f'{verb} both arms to the height of the shoulders')
        off_m = math.hypot(*(left + right)[:2]) / 2.0
        if off_m > _OFF_HEAD * span_m:
            return Shortfall(
                6.0 + 1.0 / (1.0 + off_m),
                f'the middle of the hands was {_cm(off_m)} from the head, at most '
                f'{_cm(_OFF_HEAD * span_m)} is expected',
                'stretch both arms to the sides, not to the front')
        return None


class ArmsDown(HeldStep):
    """Both arms hanging."""

    name = 'arms_down'
    prompt = 'Let both arms hang at your sides, look straight ahead, and hold still'
    noun = 'standing with the arms down'

    def __init__(self, duration_s: float, stance: Stance) -> None:
        """
        Begin.

        Args:
            duration_s: of the hold.
            stance: of the T-pose before.
        """
        super().__init__(duration_s)
        self._stance = stance

    def check(self) -> None:
        """Refuse a T-pose that cannot have had straight arms."""
        drop_m = float(self._drops_m(self._frames[len(self._frames) // 2]).max())
        if drop_m > _MOST_DROP * self._stance.span_m:
            raise CalibrationRefusedError(
                'the arms were bent in the T-pose: the hands were '
                f'{_cm(self._stance.span_m)} apart, but hang {_cm(drop_m)} lower')

    def _drops_m(self, frame: DeviceFrame) -> np.ndarray:
        """How much lower than in the T-pose the hands are (2,) [m]."""
        return frame.below_head_m + self._stance.hands_m[:, 2]

    def _shortfall(self, frame: DeviceFrame) -> Shortfall | None:
        span_m = self._stance.span_m
        drops_m = self._drops_m(frame)
        hand = int(drops_m.argmin())
        side = ('left', 'right')[hand]
        if drops_m[hand] < _LEAST_DROP * span_m:
            return Shortfall(
                float(drops_m[hand]) / span_m,
                f'the {side} hand was {_cm(float(drops_m[hand]))} lower than in the T-pose, at '
                f'least {_cm(_LEAST_DROP * span_m)} is expected', f'let the {side} arm hang')
        left, right = frame.hands_m[:, :2]
        apart_m = math.dist(left, right)
        if apart_m > _HANGING_APART * span_m:
            return Shortfall(
                2.0, f'the hands were {_cm(apart_m)} apart, at most '
                f'{_cm(_HANGING_APART * span_m)} is expected',
                'let both arms hang close to the body')
        off_m = max(math.hypot(*left), math.hypot(*right))
        if off_m > _HANGING_OFF_HEAD * span_m:
            return Shortfall(
                4.0, f'a hand was {_cm(off_m)} in front of or behind the head, at most '
                f'{_cm(_HANGING_OFF_HEAD * span_m)} is expected', 'let both arms hang')
        return None


def _cm(length_m: float) -> str:
    return f'{100.0 * length_m:.0f} cm'
