# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an operator is told about a calibration, in one line."""

from __future__ import annotations

from dataclasses import replace
import math

from motion_avatar_ros.trackers.calibration import Calibration
from motion_avatar_ros.trackers.pose_algebra import IDENTITY, angle_between

_IN_PROPORTION = 0.02
_GOOD_HEIGHT_STD_M, _GOOD_POSITION_STD_M = 0.025, 0.07


def verdict(calibration: Calibration, is_floor_given: bool) -> Calibration:
    """Return the calibration with its verdict."""
    excess = calibration.arm_scale - 1.0
    arms = 'in proportion' if abs(excess) < _IN_PROPORTION else (
        f"{100 * abs(excess):.0f} % {'longer' if excess > 0 else 'shorter'} than in proportion")
    floor = 'floor as given' if is_floor_given else (
        f'floor at {calibration.floor_m:.2f} m, not where the trackers have it')
    worn = ', '.join(
        f"{name.replace('_', ' ')} {100 * math.hypot(*offset.position_m):.1f} cm / "
        f'{math.degrees(angle_between(offset.quaternion_xyzw, IDENTITY[1])):.0f} deg'
        for name, offset in calibration.offsets.items())
    is_good = calibration.height_std_m < _GOOD_HEIGHT_STD_M and all(
        fit.position_std_m < _GOOD_POSITION_STD_M for name, fit in calibration.fits.items()
        if not name.endswith('foot'))
    quality = 'good' if is_good else 'fair, do it again for a better one'
    return replace(calibration, verdict=(
        f'height {calibration.height_m:.2f} m (+-{100 * calibration.height_std_m:.0f} cm), '
        f'arms {arms}, {floor}; {worn} from the device: {quality}'))
