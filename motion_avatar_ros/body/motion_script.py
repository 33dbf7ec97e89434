# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the built-in motions do and when: stretches of standing, walking, turning, gesturing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion_avatar_ros.body.calibration_motion import CALIBRATION_S
from motion_avatar_ros.body.easing import pulse
from motion_avatar_ros.body.footsteps import GroundPath, Step

WALKING_SPEED_M_S = 1.2
_LOOP_LENGTH_M = 12.0
_SPEED_RAMP_S = 1.2
_WALKING_STEP_S = 0.56
_TURNING_STEP_S = 0.56
_TURN_RAMP_S = 0.8
_TURN_S = 6.2
_SWING_OF_STEP = 0.82  # length of a swing, of the time from step to step
_SAMPLES_PER_S = 240.0

#: Stretches by name of the motion: what, and how long [s].
_STAND, _WALK, _WAVE, _SQUAT, _TURN = 'stand', 'walk', 'wave', 'squat', 'turn'
_CALIBRATION = 'calibration'
SCRIPTS: dict[str, tuple[tuple[str, float], ...]] = {
    'walk': ((_STAND, 0.6), (_WALK, 0.0), (_STAND, 0.6)),
    'wave': ((_STAND, 0.4), (_WAVE, 4.0), (_STAND, 0.6)),
    'squat': ((_STAND, 0.5), (_SQUAT, 3.4), (_STAND, 0.6)),
    'turn': ((_STAND, 0.6), (_TURN, _TURN_S), (_STAND, 0.6)),
    'mix': ((_STAND, 0.6), (_WALK, 0.0), (_STAND, 0.5), (_WAVE, 4.0), (_STAND, 0.3),
            (_SQUAT, 3.4), (_STAND, 0.5), (_TURN, _TURN_S), (_STAND, 0.6)),
    'calibration': ((_STAND, 0.3), (_CALIBRATION, CALIBRATION_S), (_STAND, 0.3)),
}
MOTION_NAMES = tuple(SCRIPTS)


@dataclass(frozen=True)
class Stretch:
    """One part of a script: `what` from `start_s` to `end_s`."""

    what: str
    start_s: float
    end_s: float

    def weight(self, times_s: np.ndarray, rise_s: float, fall_s: float) -> np.ndarray:
        """Return 1 inside (T), with soft flanks, and 0 outside."""
        return pulse(times_s, self.start_s, self.end_s, rise_s, fall_s)


@dataclass(frozen=True)
class Plan:
    """Stretches, the path of the body and the steps of the feet of a script."""

    stretches: tuple[Stretch, ...]
    path: GroundPath
    steps: tuple[Step, ...]

    @property
    def duration_s(self) -> float:
        """Return the length of one loop."""
        return self.stretches[-1].end_s

    def of(self, what: str) -> list[Stretch]:
        """Return the stretches of one kind."""
        return [stretch for stretch in self.stretches if stretch.what == what]

    def stride_phase(self, times_s: np.ndarray) -> np.ndarray:
        """Return the phase of the stride (T) [rad]: even multiples of pi at left strikes."""
        phase = np.zeros(len(times_s))
        for stretch in [*self.of(_WALK), *self.of(_TURN)]:
            own = [s for s in self.steps if stretch.start_s <= s.lift_s <= stretch.end_s]
            period_s = own[1].land_s - own[0].land_s
            inside = (times_s >= stretch.start_s) & (times_s <= stretch.end_s)
            phase[inside] = np.pi * (
                (times_s[inside] - own[0].land_s) / period_s + own[0].side)
        return phase


def plan_script(name: str) -> Plan:
    """Lay out the script `name`, one of MOTION_NAMES."""
    stretches, steps, clock_s = [], [], 0.0
    for what, length_s in SCRIPTS[name]:
        if what == _WALK:
            length_s = _LOOP_LENGTH_M / WALKING_SPEED_M_S + _SPEED_RAMP_S
        stretch = Stretch(what, clock_s, clock_s + length_s)
        if what in (_WALK, _TURN):
            steps += _steps(stretch, _WALKING_STEP_S if what == _WALK else _TURNING_STEP_S)
        stretches.append(stretch)
        clock_s = stretch.end_s
    return Plan(tuple(stretches), _path(stretches), tuple(steps))


def _steps(stretch: Stretch, step_s: float) -> list[Step]:
    """Fill a stretch with steps, the left foot first, of nearly `step_s` each."""
    length_s = stretch.end_s - stretch.start_s
    count = round(length_s / step_s - _SWING_OF_STEP) + 1
    step_s = length_s / (count - 1 + _SWING_OF_STEP)
    lifts = stretch.start_s + step_s * np.arange(count)
    return [Step(index % 2, lift, lift + _SWING_OF_STEP * step_s)
            for index, lift in enumerate(lifts)]


def _path(stretches: list[Stretch]) -> GroundPath:
    """Integrate speed along a closed oval and turning on the spot."""
    times_s = np.linspace(
        0.0, stretches[-1].end_s, int(stretches[-1].end_s * _SAMPLES_PER_S) + 1)
    walked, turned = np.zeros(len(times_s)), np.zeros(len(times_s))
    for stretch in stretches:
        if stretch.what == _WALK:
            speed = WALKING_SPEED_M_S * stretch.weight(times_s, _SPEED_RAMP_S, _SPEED_RAMP_S)
            walked += _integral(times_s, speed)
        elif stretch.what == _TURN:
            rate = stretch.weight(times_s, _TURN_RAMP_S, _TURN_RAMP_S)
            area = _integral(times_s, rate)
            turned += 2.0 * np.pi * area / area[-1]
    around = 2.0 * np.pi * walked / _LOOP_LENGTH_M
    # Two equal halves, each a turn by pi, close the loop whatever the bends' shape.
    course = around - 0.45 * np.sin(2.0 * around)
    speed = np.gradient(walked, times_s)
    x, y = (_integral(times_s, speed * f(course)) for f in (np.cos, np.sin))
    return GroundPath(times_s, np.stack((x, y, course + turned), axis=-1))


def _integral(times_s: np.ndarray, rate: np.ndarray) -> np.ndarray:
    steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(times_s)
    return np.concatenate(([0.0], np.cumsum(steps)))
