# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a calibration in which something moves: the head, then the arms."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from motion_avatar_ros.body.rotations import axis_angle_from_matrix
from motion_avatar_ros.trackers.calibration_step import (
    CalibrationStep, DeviceFrame, Shortfall, Stance,
)

_NOD_DEG, _SHAKE_DEG = 25.0, 40.0
# Parts of an arm's length, end to end; a hand farther from its shoulder is on a stretched arm.
_RISE, _REACH_AHEAD, _STRETCHED = 1.2, 0.6, 0.7
_STRETCHED_SHARE = 0.5


class MovedStep(CalibrationStep):
    """A movement that must have some extent; all of it is recorded, from the beginning."""

    def __init__(self, duration_s: float, stance: Stance) -> None:
        """
        Begin.

        Args:
            duration_s: shortest recording.
            stance: of the T-pose before.
        """
        super().__init__(duration_s)
        self._stance = stance

    def add(self, frame: DeviceFrame) -> None:
        """Record a frame."""
        self._frames.append(frame)
        shares, shortfall = self._extents(frame)
        self._note(shortfall)
        self.progress = min(1.0, self._recorded_s / self.duration_s, *shares)

    @abstractmethod
    def _extents(self, frame: DeviceFrame) -> tuple[list[float], Shortfall | None]:
        """
        Take a frame and return how far the movement has come.

        Returns:
            What there is of each thing that is asked for, as a part of it, and what lacks.
        """


class HeadTurns(MovedStep):
    """A nod and a shake of the head."""

    name = 'head'
    prompt = 'Nod slowly twice, then look far to the left and to the right, twice'
    noun = 'nodding and shaking the head'

    def __init__(self, duration_s: float, stance: Stance) -> None:
        """Begin; see MovedStep."""
        super().__init__(duration_s, stance)
        self._low_deg = np.zeros(2)
        self._high_deg = np.zeros(2)

    def _extents(self, frame: DeviceFrame) -> tuple[list[float], Shortfall | None]:
        # Seen from the world, a rotation since the beginning does not depend on how the device
        # is worn.
        first = self._frames[0].rotations[frame.head]
        turn_deg = np.degrees(axis_angle_from_matrix(frame.rotations[frame.head] @ first.T))
        pitch_and_yaw = np.array([turn_deg @ self._stance.leftward, turn_deg[2]])
        self._low_deg = np.minimum(self._low_deg, pitch_and_yaw)
        self._high_deg = np.maximum(self._high_deg, pitch_and_yaw)
        nod_deg, shake_deg = (self._high_deg - self._low_deg).tolist()
        shares = [nod_deg / _NOD_DEG, shake_deg / _SHAKE_DEG]
        if min(shares) >= 1.0:
            return shares, None
        hint = 'nod' if shares[0] < 1.0 else 'look farther to the left and to the right'
        return shares, Shortfall(
            min(shares),
            f'the head nodded over {nod_deg:.0f} and turned over {shake_deg:.0f} degrees, at '
            f'least {_NOD_DEG:.0f} and {_SHAKE_DEG:.0f} are expected', hint)


class ArmCircles(MovedStep):
    """Large circles of stretched arms."""

    name = 'arm_circles'
    prompt = ('Swing both stretched arms in large circles, forwards and up, and turn your palms '
              'as you go')
    noun = 'circling the arms'

    def __init__(self, duration_s: float, stance: Stance) -> None:
        """Begin; see MovedStep."""
        super().__init__(duration_s, stance)
        self._low = np.full((2, 2), np.inf)  # hand, then ahead and up, in lengths of the arm
        self._high = -self._low
        self._stretched = np.zeros(2)

    def _extents(self, frame: DeviceFrame) -> tuple[list[float], Shortfall | None]:
        stance = self._stance
        arms = (frame.hands_m - stance.shoulders_m) / stance.arm_m
        ahead_and_up = np.stack((arms @ stance.forward, arms[:, 2]), axis=-1)
        self._low = np.minimum(self._low, ahead_and_up)
        self._high = np.maximum(self._high, ahead_and_up)
        self._stretched += np.linalg.norm(arms, axis=-1) > _STRETCHED
        extents = self._high - self._low
        swept = extents / [_REACH_AHEAD, _RISE]
        stretched = self._stretched / len(self._frames) / _STRETCHED_SHARE
        shares = [*swept.ravel().tolist(), *stretched.tolist()]
        if min(shares) >= 1.0:
            return shares, None
        return shares, self._shortfall(extents, swept, stretched)

    def _shortfall(
        self, extents: np.ndarray, swept: np.ndarray, stretched: np.ndarray
    ) -> Shortfall:
        hand = int(np.minimum(swept.min(axis=-1), stretched).argmin())
        side = ('left', 'right')[hand]
        arm_cm = 100.0 * self._stance.arm_m
        if swept[hand].min() >= 1.0:
            share = 100.0 * _STRETCHED_SHARE * stretched[hand]
            return Shortfall(
                1.0, f'the {side} arm was stretched for {share:.0f} % of the time, at least '
                f'{100.0 * _STRETCHED_SHARE:.0f} % is expected', f'stretch the {side} arm')
        ahead_cm, up_cm = (arm_cm * extents[hand]).tolist()
        return Shortfall(
            float(swept[hand].min()),
            f'the {side} hand moved over {up_cm:.0f} cm up and down and {ahead_cm:.0f} cm back '
            f'and forth, at least {arm_cm * _RISE:.0f} and {arm_cm * _REACH_AHEAD:.0f} cm are '
            'expected', f'make larger circles with the {side} arm')
