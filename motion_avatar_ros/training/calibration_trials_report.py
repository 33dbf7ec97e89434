# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of planted operators, for reading and for JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from motion_avatar_ros.training.calibration_trials import (
    HEIGHT_LIMIT_M, OperatorTrials, POSITION_LIMIT_M, ROTATION_LIMIT_RAD,
)


def trials_numbers(trials: OperatorTrials) -> dict[str, Any]:
    """Return the figures as JSON values."""
    recoveries = trials.recoveries
    positions_cm = 100.0 * np.array([each.position_errors_m for each in recoveries])
    rotations_deg = np.degrees([each.rotation_errors_rad for each in recoveries])
    found = [each.calibration for each in recoveries]
    numbers: dict[str, Any] = {
        'count': len(recoveries),
        'refused_takes': sum(len(each.refused) for each in recoveries),
        'height_error_cm': _spread(
            [100.0 * each.height_error_m for each in recoveries], 100.0 * HEIGHT_LIMIT_M),
        'arm_scale_error_percent': _spread([
            100.0 * (each.calibration.arm_scale - each.operator.arm_scale)
            for each in recoveries]),
        'floor_error_cm': _spread([
            100.0 * (calibration.floor_m - each.operator.floor_m)
            for calibration, each in zip(found, recoveries, strict=True)]),
        'mpjpe_cm': {
            'undisturbed': trials.undisturbed_cm, 'uncalibrated': trials.uncalibrated_cm,
            'calibrated': trials.calibrated_cm,
        },
    }
    for slot, name in enumerate(trials.tracker_names):
        numbers[name] = {
            'position_error_cm': _spread(positions_cm[:, slot], 100.0 * POSITION_LIMIT_M),
            'rotation_error_deg': _spread(
                rotations_deg[:, slot], float(np.degrees(ROTATION_LIMIT_RAD))),
        }
    return numbers


def trials_report(trials: OperatorTrials) -> str:
    """Return the figures as a table."""
    numbers = trials_numbers(trials)
    lines = [
        '', f"planted operators: {numbers['count']} (refused takes: {numbers['refused_takes']})",
        f"{'':32}{'median':>10}{'p90':>10}{'max':>10}{'within':>10}"]
    rows = [(key, numbers[key]) for key in (
        'height_error_cm', 'arm_scale_error_percent', 'floor_error_cm')]
    rows += [(f'{name} {key}', values) for name in trials.tracker_names
             for key, values in numbers[name].items()]
    for title, values in rows:
        share = values.get('share_within')
        lines.append(
            f"{title:32}{values['median']:10.2f}{values['p90']:10.2f}{values['max']:10.2f}"
            + ('' if share is None else f"{100 * share:8.0f} % ({values['limit']:g})"))
    lines += [f'mpjpe_cm {name:23}{value:10.3f}' for name, value in numbers['mpjpe_cm'].items()]
    return '\n'.join(lines) + '\n'


def _spread(errors: Any, limit: float | None = None) -> dict[str, float]:
    sizes = np.abs(np.asarray(errors, dtype=float))
    spread = {
        'median': float(np.median(sizes)), 'p90': float(np.quantile(sizes, 0.9)),
        'max': float(sizes.max()),
    }
    if limit is not None:
        spread |= {'limit': limit, 'share_within': float((sizes <= limit).mean())}
    return spread
