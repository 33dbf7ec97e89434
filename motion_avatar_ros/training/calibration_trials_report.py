# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The figures of planted operators, for reading and for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from motion_avatar_ros.training.calibration_trials import (
    HEIGHT_LIMIT_M, Misses, OperatorTrials, POSITION_LIMIT_M, ROTATION_LIMIT_RAD,
)


def trials_numbers(trials: OperatorTrials) -> dict[str, Any]:
    """Return the figures as JSON values."""
    return {
        'mpjpe_cm': {
            'undisturbed': trials.undisturbed_cm, 'uncalibrated': trials.uncalibrated_cm},
        'takes': {
            kind: {
                'calibrated_mpjpe_cm': trials.calibrated_cm[kind],
                'count': len(found),
                'refused_takes': sum(len(each.refused) for each in found),
                'absolute': _misses_numbers(
                    trials.tracker_names, [each.misses for each in found]),
                'of_what_was_planted': _misses_numbers(
                    trials.tracker_names, [each.planted_misses for each in found]),
            }
            for kind, found in trials.recoveries.items()},
    }


def trials_report(trials: OperatorTrials) -> str:
    """Return the figures as tables."""
    numbers = trials_numbers(trials)
    lines = []
    for kind, values in numbers['takes'].items():
        for title in ('absolute', 'of_what_was_planted'):
            lines += [
                '', f"{values['count']} planted operators, takes {kind} (refused: "
                f"{values['refused_takes']}), errors {title.replace('_', ' ')}",
                f"{'':32}{'median':>10}{'p90':>10}{'max':>10}{'within':>10}"]
            lines += [
                f"{name:32}{spread['median']:10.2f}{spread['p90']:10.2f}{spread['max']:10.2f}"
                f"{100 * spread['share_within']:8.0f} % ({spread['limit']:g})"
                for name, spread in values[title].items()]
    lines.append('')
    lines += [f'mpjpe_cm {name:34}{value:10.3f}' for name, value in numbers['mpjpe_cm'].items()]
    lines += [f'mpjpe_cm calibrated, {kind:22}{value:10.3f}'
              for kind, value in trials.calibrated_cm.items()]
    return '\n'.join(lines) + '\n'


def _misses_numbers(
    tracker_names: Sequence[str], misses: Sequence[Misses]
) -> dict[str, dict[str, float]]:
    numbers = {'height_cm': _spread(
        [100.0 * each.height_m for each in misses], 100.0 * HEIGHT_LIMIT_M)}
    for slot, name in enumerate(tracker_names):
        numbers[f'{name}_cm'] = _spread(
            [100.0 * each.positions_m[slot] for each in misses], 100.0 * POSITION_LIMIT_M)
        numbers[f'{name}_deg'] = _spread(
            np.degrees([each.rotations_rad[slot] for each in misses]),
            float(np.degrees(ROTATION_LIMIT_RAD)))
    return numbers


def _spread(errors: Any, limit: float) -> dict[str, float]:
    sizes = np.abs(np.asarray(errors, dtype=float))
    return {
        'median': float(np.median(sizes)), 'p90': float(np.quantile(sizes, 0.9)),
        'max': float(sizes.max()), 'limit': limit,
        'share_within': float((sizes <= limit).mean()),
    }
