# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Notices that the floor of the tracking space drifts.

Inside-out headsets lose centimetres over minutes, or all at once when they find their place
again. Feet that stand are on the floor; without trackers on them the head tells: an operator
who stands upright and slowly cannot be taller than usual, and is not smaller for long. What
counts is thus an upper plateau of the head's height in upright, slow frames, against the
operator's standing height, or that of the first minute.

A plateau that is far below is an operator who sits or crouches, and says nothing of the floor.
One who stands with bent knees for more than a minute and never rises looks like a floor that
rose; only trackers on the feet tell these apart.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
import enum
from itertools import islice
import math

import numpy as np

_SAMPLE_NS = 100_000_000  # between two heights that are looked at
_JUDGE_NS = 1_000_000_000
_LONGEST_STEP_NS = 5 * _SAMPLE_NS  # over which a speed is still one
_UPRIGHT = math.cos(math.radians(20.0))
_HEAD_SLOW_M_S = 0.6
_HEAD_SLOW_VERTICAL_M_S = 0.15
_FOOT_SLOW_M_S = 0.15

_FIRST_NS = 60_000_000_000  # the first minute
_ENOUGH = 100  # heights without which nothing is said: 10 s
_WINDOW = 300  # heights that the plateau is of: 30 s
_LONG_WINDOW = 600  # heights among which an operator rises to full height at least once
_PLATEAU, _PEAK, _FOOT_PLATEAU = 90.0, 98.0, 10.0
_STEADY_M = 0.03  # by which the median of who stands is below the plateau
_POSTURE_M = 0.15  # a height that is off by more than this is a posture, not the floor


class FloorState(enum.Enum):
    """What is known of the floor."""

    LEARNING = 'learning'  # too few upright frames so far
    LEVEL = 'level'
    DRIFTING = 'drifting'
    LOW = 'low'  # seated or crouching: the head tells nothing of the floor


@dataclass(frozen=True)
class FloorSettings:
    """
    When a drift is told, and whether it is corrected.

    Attributes:
        warn_m: a drift beyond this is told ...
        after_s: ... when it has lasted this long.
        is_corrected: whether `correction_m` follows a drift that is told.
        max_correction_m: it never goes beyond.
        correction_m_s: how fast it changes.
    """

    warn_m: float = 0.04
    after_s: float = 20.0
    is_corrected: bool = False
    max_correction_m: float = 0.10
    correction_m_s: float = 0.01


class FloorWatch:
    """
    Watches one operator.

    Attributes:
        state: what is known.
        drift_m: how far the tracking space has risen against the floor; None while learning,
            and while the operator sits or crouches.
        correction_m: what to take off every height; stays 0 unless the settings ask for it.
    """

    def __init__(
        self, settings: FloorSettings = FloorSettings(), standing_head_m: float | None = None,
    ) -> None:
        """
        Start over.

        Args:
            settings: thresholds.
            standing_head_m: height of the operator's head joint in the fixed frame, standing
                upright in shoes as worn; None takes the first minute's.
        """
        self._settings = settings
        self.reset(standing_head_m)

    def reset(self, standing_head_m: float | None = None) -> None:
        """Forget everything, as for another operator."""
        self._standing_m = self._head_level_m = standing_head_m
        self._feet_level_m: float | None = None
        self._heads: deque[float] = deque(maxlen=_LONG_WINDOW)
        self._feet: deque[float] = deque(maxlen=_WINDOW)
        self._since_feet = 0  # samples since feet were seen
        self._start_ns: int | None = None
        self._sampled_ns: int | None = None
        self._judged_ns = 0
        self._off_since_ns: int | None = None
        self._head: list[float] | None = None
        self._feet_places: list[list[float]] | None = None
        self.state = FloorState.LEARNING
        self.drift_m: float | None = None
        self.correction_m = 0.0

    @property
    def is_drifting(self) -> bool:
        """Whether the floor has been off for long enough to say so."""
        return self.state is FloorState.DRIFTING

    @property
    def line(self) -> str:
        """What is known, in a few words."""
        drift_m = self.drift_m  # another thread may take it away
        if drift_m is None:
            return 'seated or crouching' if self.state is FloorState.LOW else 'learning'
        side = 'above' if drift_m > 0.0 else 'below'
        off = f'{100.0 * abs(drift_m):.0f} cm {side} where it was'
        return f'the tracking space is {off}' if self.is_drifting else 'level'

    def update(
        self,
        stamps_ns: np.ndarray,
        head_rotations: np.ndarray,
        head_positions: np.ndarray,
        feet_positions: np.ndarray | None = None,
    ) -> bool:
        """
        Take consecutive frames and say whether the floor drifts.

        Args:
            stamps_ns: (T,).
            head_rotations: (T, 3, 3) of the head joint in the z-up world, SMPL body axes.
            head_positions: (T, 3) of the head joint [m] in the fixed frame, uncorrected.
            feet_positions: (T, F, 3) of trackers on the feet [m], NaN where one has no pose.
        """
        for slot, stamp_ns in enumerate(stamps_ns.tolist()):
            before_ns = self._sampled_ns
            if before_ns is None or not 0 <= stamp_ns - before_ns < _SAMPLE_NS:
                self._look(
                    stamp_ns, head_rotations[slot], head_positions[slot].tolist(),
                    None if feet_positions is None else feet_positions[slot].tolist())
        return self.is_drifting

    def _look(
        self, now_ns: int, rotation: np.ndarray, head: list[float],
        feet: list[list[float]] | None,
    ) -> None:
        before_ns, last_head, last_feet = self._sampled_ns, self._head, self._feet_places
        self._sampled_ns, self._head, self._feet_places = now_ns, head, feet
        if before_ns is None or now_ns < before_ns or self._start_ns is None:
            self._start_ns = self._judged_ns = now_ns
            self._off_since_ns = None
            return
        if last_head is not None and now_ns - before_ns <= _LONGEST_STEP_NS:
            elapsed_s = (now_ns - before_ns) * 1e-9
            self._add_head(float(rotation[2, 1]), head, last_head, elapsed_s)
            self._add_feet(feet, last_feet, elapsed_s)
        if now_ns - self._judged_ns >= _JUDGE_NS:
            self._judged_ns = now_ns
            self._learn(now_ns)
            self._judge(now_ns)
        self._correct(min((now_ns - before_ns) * 1e-9, _LONGEST_STEP_NS * 1e-9))

    def _add_head(
        self, up: float, head: list[float], last: list[float], elapsed_s: float
    ) -> None:
        is_slow = (
            abs(head[2] - last[2]) <= _HEAD_SLOW_VERTICAL_M_S * elapsed_s
            and math.dist(head[:2], last[:2]) <= _HEAD_SLOW_M_S * elapsed_s)
        if up >= _UPRIGHT and is_slow:
            self._heads.append(head[2])

    def _add_feet(
        self, feet: list[list[float]] | None, last: list[list[float]] | None, elapsed_s: float
    ) -> None:
        self._since_feet += 1
        if feet is None or last is None:
            return
        standing = [
            place[2] for place, before in zip(feet, last)
            if math.dist(place, before) <= _FOOT_SLOW_M_S * elapsed_s]
        if standing:
            self._feet.append(min(standing))
            self._since_feet = 0

    def _learn(self, now_ns: int) -> None:
        assert self._start_ns is not None
        if now_ns - self._start_ns < _FIRST_NS:
            return
        if self._head_level_m is None and len(self._heads) >= _ENOUGH:
            middle_m, plateau_m = np.percentile(self._heads, (50.0, _PLATEAU)).tolist()
            if plateau_m - middle_m < _STEADY_M:
                self._head_level_m = plateau_m
        if self._feet_level_m is None and len(self._feet) >= _ENOUGH:
            self._feet_level_m = float(np.percentile(self._feet, _FOOT_PLATEAU))

    def _judge(self, now_ns: int) -> None:
        drift_m, is_low = self._drift_of_feet()
        if drift_m is None and not is_low:
            drift_m, is_low = self._drift_of_head()
        if drift_m is None:
            self.state = FloorState.LOW if is_low else FloorState.LEARNING
            self.drift_m = self._off_since_ns = None
            return
        self.drift_m = drift_m
        settings = self._settings
        # Once told it must shrink well below the threshold, or it would come and go.
        if abs(drift_m) <= settings.warn_m * (0.75 if self.is_drifting else 1.0):
            self._off_since_ns = None
            self.state = FloorState.LEVEL
            return
        if self._off_since_ns is None:
            self._off_since_ns = now_ns
        is_long = now_ns - self._off_since_ns > settings.after_s * 1e9
        self.state = FloorState.DRIFTING if is_long else FloorState.LEVEL

    def _drift_of_feet(self) -> tuple[float | None, bool]:
        is_there = len(self._feet) >= _ENOUGH and self._since_feet < _WINDOW
        if self._feet_level_m is None or not is_there:
            return None, False
        drift_m = float(np.percentile(self._feet, _FOOT_PLATEAU)) - self._feet_level_m
        return (drift_m, False) if abs(drift_m) <= _POSTURE_M else (None, False)

    def _drift_of_head(self) -> tuple[float | None, bool]:
        level_m = self._head_level_m
        if level_m is None or len(self._heads) < _ENOUGH:
            return None, False
        newest = list(islice(reversed(self._heads), _WINDOW))
        drift_m = float(np.percentile(newest, _PLATEAU)) - level_m
        if drift_m < -_POSTURE_M:
            return None, True
        if drift_m > _POSTURE_M and self._standing_m is None:
            # Who sat in the first minute has stood up.
            self._head_level_m = level_m + drift_m
            return 0.0, False
        if drift_m < 0.0:
            # Bent knees: at full height now and then, the operator has not become smaller.
            peak_m = float(np.percentile(self._heads, _PEAK)) - level_m
            if peak_m > -0.5 * self._settings.warn_m:
                drift_m = max(drift_m, -0.5 * self._settings.warn_m)
        return drift_m, False

    def _correct(self, elapsed_s: float) -> None:
        settings = self._settings
        if not settings.is_corrected or self.drift_m is None:
            return
        limit_m = settings.max_correction_m
        wanted_m = max(-limit_m, min(limit_m, self.drift_m)) if self.is_drifting else (
            0.0 if abs(self.drift_m) < 0.5 * settings.warn_m else self.correction_m)
        step_m = settings.correction_m_s * elapsed_s
        self.correction_m += max(-step_m, min(step_m, wanted_m - self.correction_m))
