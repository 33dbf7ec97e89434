# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The rows of a One-Euro filter in the parameter tables of the nodes that have one."""

from __future__ import annotations

from motion_avatar_ros.ros.parameters import Parameter
from motion_avatar_ros.trackers.one_euro import OneEuroSettings

_FILTER = OneEuroSettings()

FILTER_PARAMETERS = (
    Parameter('filter.min_cutoff_hz', 0.0,
              'One-Euro filter of positions: cutoff at rest; 0 switches it off, 3 suits 3 mm of '
              'noise', 0.0, 100.0),
    Parameter('filter.beta', _FILTER.beta,
              'how much the cutoff of positions rises with speed, Hz per m/s', 0.0, 1000.0),
    Parameter('filter.rotation_min_cutoff_hz', 0.0,
              'One-Euro filter of rotations: cutoff at rest; 0 switches it off, 3 suits 1 degree '
              'of noise', 0.0, 100.0),
    Parameter('filter.rotation_beta', _FILTER.rotation_beta,
              'how much the cutoff of rotations rises with speed, Hz per rad/s', 0.0, 1000.0),
    Parameter('filter.derivative_cutoff_hz', _FILTER.derivative_cutoff_hz,
              'cutoff of the speeds that both follow', 0.1, 100.0),
)
