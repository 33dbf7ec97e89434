# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The walking cycle of the body above the legs, as harmonics of the stride.

The phase is 0 when the left heel strikes and pi when the right one does. The figures are close
to those of adults who walk straight ahead at 1.2 m/s (public CMU motion capture, both sides
averaged, rounded; the amplitudes of arms and head are a single person's, not the mean's, in
which people out of step cancel).
"""

from __future__ import annotations

import numpy as np

from motion_avatar_ros.body.rotations import matrix_from_axis_angle
from motion_avatar_ros.body.skeleton import JOINT_INDEX

#: By axis: mean, then amplitude and phase of the first and second harmonic; fewer end in 0.
_Cycles = dict[str, tuple[float, ...]]

#: Per joint and ROS axis: mean, then amplitude and phase of the peak [deg] of the stride's
#: first and second harmonic. Joints of a side are given for the left one.
_CYCLES_DEG: dict[str, _Cycles] = {
    'spine1': {'x': (0, 5.4, -37), 'y': (5.8,), 'z': (0, 2.7, 0)},
    'spine2': {'x': (0, 1.2, -91), 'z': (0, 3.6, 0)},
    'spine3': {'x': (0, 2.8, 169), 'y': (-3.0,), 'z': (0, 1.8, 0)},
    'neck': {'y': (-21.0, 0, 0, 1.2, 196), 'z': (0, 0.5, 177)},
    'head': {'y': (24.5, 0.6, 181, 1.0, 149), 'z': (0, 1.1, 177)},
    'left_shoulder': {'x': (-81, 1.5, 130, 1.7, 352), 'y': (-11, 2.5, 255, 2.5, 236),
                      'z': (4, 22, 3, 4.5, 80)},
    'left_elbow': {'x': (-2,), 'y': (14.5, 4, 12), 'z': (-30, 12, 13, 2.2, 130)},
    'left_wrist': {'x': (21,), 'y': (15, 3.7, 12), 'z': (2,)},
}
_PELVIS_CYCLES_DEG: _Cycles = {'x': (0, 5.3, 137), 'y': (0.4, 0, 0, 1.3, 334), 'z': (0, 4.4, 184)}
#: Displacement of the pelvis [cm]: ahead, to the left, upwards.
_PELVIS_CYCLES_CM: _Cycles = {
    'x': (0, 0, 0, 1.4, 104), 'y': (0, 2.0, 108), 'z': (0, 0, 0, 1.4, 181)}

#: Height of the pelvis joint [m] in mid-stride; lower than when standing.
WALKING_PELVIS_HEIGHT_M = 0.919


def gait_rotations(phase_rad: np.ndarray) -> dict[int, np.ndarray]:
    """Return local rotations (T, 3, 3) in ROS axes by joint, for phases (T) [rad]."""
    rotations = {}
    for name, cycles in _CYCLES_DEG.items():
        rotations[JOINT_INDEX[name]] = _rotations(cycles, phase_rad)
        if name.startswith('left_'):
            opposite = _evaluate(cycles, phase_rad + np.pi) * [-1.0, 1.0, -1.0]
            rotations[JOINT_INDEX[name.replace('left', 'right')]] = matrix_from_axis_angle(
                np.radians(opposite))
    return rotations


def gait_pelvis(phase_rad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pelvis' swaying: angles (T, 3) [rad] and displacement (T, 3) [m], ROS axes."""
    return (np.radians(_evaluate(_PELVIS_CYCLES_DEG, phase_rad)),
            0.01 * _evaluate(_PELVIS_CYCLES_CM, phase_rad))


def _rotations(cycles: _Cycles, phase_rad: np.ndarray) -> np.ndarray:
    return matrix_from_axis_angle(np.radians(_evaluate(cycles, phase_rad)))


def _evaluate(cycles: _Cycles, phase_rad: np.ndarray) -> np.ndarray:
    values = np.zeros((len(phase_rad), 3))
    for axis, terms in cycles.items():
        mean, first, first_peak, second, second_peak = (*terms, *(5 - len(terms)) * (0.0,))
        values[:, 'xyz'.index(axis)] = (
            mean
            + first * np.cos(phase_rad - np.radians(first_peak))
            + second * np.cos(2.0 * phase_rad - np.radians(second_peak)))
    return values
