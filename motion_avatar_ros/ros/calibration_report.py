# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What avatar_node says on ~/calibration, as keys and values, and those read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motion_avatar_ros.ros.calibration_session import DONE, REFUSED, RUNNING, SOLVING
from motion_avatar_ros.trackers.calibration import (
    CALIBRATION_STEPS, Calibration, TrackerFit, TrackerOffset,
)
from motion_avatar_ros.trackers.calibration_file import rpy_deg
from motion_avatar_ros.trackers.observation import OPTIONAL_TRACKER_NAMES, TRACKER_NAMES

IDLE = 'idle'
STATES = (IDLE, RUNNING, SOLVING, DONE, REFUSED)

_TEXTS = ('operator', 'profile', 'verdict', 'date')
_NUMBERS = ('height_m', 'height_std_m', 'arm_scale', 'arm_scale_std', 'floor_m', 'floor_std_m')
_FIT = ('residual_m', 'residual_rad', 'position_std_m', 'rotation_std_rad')


@dataclass(frozen=True)
class CalibrationReport:
    """
    What goes on, and the calibration in force.

    Attributes:
        state: one of STATES; `idle` before any calibration was asked for.
        message: prompt, verdict or reason of a refusal.
        calibration: in force now, whatever goes on.
        step: one of CALIBRATION_STEPS, or empty while idle.
        progress: of the step, 0 to 1.
        hint: what is still lacking right now; may be empty.
    """

    state: str
    message: str
    calibration: Calibration = Calibration()
    step: str = ''
    progress: float = 0.0
    hint: str = ''

    @property
    def is_running(self) -> bool:
        """Whether an operator is being calibrated."""
        return self.state in (RUNNING, SOLVING)

    @property
    def step_number(self) -> int:
        """The step's place among all, from 1; 0 while idle."""
        return 1 + CALIBRATION_STEPS.index(self.step) if self.step in CALIBRATION_STEPS else 0

    @property
    def whole_progress(self) -> float:
        """Of all steps, 0 to 1."""
        return max(0.0, self.step_number - 1.0 + self.progress) / len(CALIBRATION_STEPS)

    def values(self) -> dict[str, str]:
        """Return all but the message, in words and figures."""
        calibration = self.calibration
        values = {
            'state': self.state,
            'step': self.step,
            'step_number': f'{self.step_number} of {len(CALIBRATION_STEPS)}',
            'progress': f'{self.progress:.3f}',
            'hint': self.hint,
            **{key: getattr(calibration, key) for key in _TEXTS},
            **{key: f'{getattr(calibration, key):.6g}' for key in _NUMBERS},
        }
        for name, offset in calibration.offsets.items():
            values[f'{name}.position_m'] = _row(offset.position_m)
            values[f'{name}.quaternion_xyzw'] = _row(offset.quaternion_xyzw)
            values[f'{name}.rpy_deg'] = _row(rpy_deg(offset))
            if name in calibration.fits:
                fit = calibration.fits[name]
                values |= {f'{name}.{key}': f'{getattr(fit, key):.6g}' for key in _FIT}
        return values

    @classmethod
    def read(cls, message: str, values: Mapping[str, str]) -> CalibrationReport | None:
        """Return what a message and its values say, None where they are not of this version."""
        try:
            offsets, fits = {}, {}
            for name in (*TRACKER_NAMES, *OPTIONAL_TRACKER_NAMES):
                if f'{name}.position_m' not in values:
                    continue
                x, y, z = map(float, values[f'{name}.position_m'].split())
                qx, qy, qz, qw = map(float, values[f'{name}.quaternion_xyzw'].split())
                offsets[name] = TrackerOffset((x, y, z), (qx, qy, qz, qw))
                if f'{name}.{_FIT[0]}' in values:
                    fits[name] = TrackerFit(**{
                        key: float(values[f'{name}.{key}']) for key in _FIT})
            own: dict[str, Any] = {
                **{key: values[key] for key in _TEXTS},
                **{key: float(values[key]) for key in _NUMBERS},
            }
            return cls(
                values['state'], message, Calibration(**own, offsets=offsets, fits=fits),
                values['step'], float(values['progress']), values['hint'])
        except (KeyError, ValueError):
            return None


#: Headings of `offset_rows`.
OFFSET_COLUMNS = ('tracker', 'offset x y z [cm]', 'roll pitch yaw [deg]', 'left over')


def offset_rows(calibration: Calibration) -> list[tuple[str, str, str, str]]:
    """Return one row of text per tracker, as OFFSET_COLUMNS names them."""
    rows = []
    for name, offset in calibration.offsets.items():
        fit = calibration.fits.get(name)
        rows.append((
            name.replace('_', ' '),
            ' '.join(f'{100.0 * value:.1f}' for value in offset.position_m),
            ' '.join(f'{angle:.0f}' for angle in rpy_deg(offset)),
            '–' if fit is None else
            f'{100.0 * fit.residual_m:.1f} cm, {57.29578 * fit.residual_rad:.1f} deg'))
    return rows


def size_line(calibration: Calibration) -> str:
    """Return the operator's size in one line."""
    name = f'{calibration.operator}: ' if calibration.operator else ''
    deviation = f' ± {100.0 * calibration.height_std_m:.1f} cm' if calibration.fits else ''
    longer = round(100.0 * (calibration.arm_scale - 1.0))
    arms = 'in proportion' if longer == 0 else (
        f"{abs(longer)} % {'longer' if longer > 0 else 'shorter'} than in proportion")
    return (f'{name}height {calibration.height_m:.2f} m{deviation}, arms {arms}, floor at '
            f'{calibration.floor_m:+.2f} m')


def _row(values: tuple[float, ...] | list[float]) -> str:
    return ' '.join(f'{value:.6g}' for value in values)
