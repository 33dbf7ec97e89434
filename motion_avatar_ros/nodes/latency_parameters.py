# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Budgets of the stages of a pose's way through avatar_node and retarget_node.

They are compared with medians over 10 s, and generous, so that what exceeds one can be felt: three
frames where things wait for each other or come from outside. `inference` and `retarget` have the
time of one frame at 60 Hz, beyond which frames are dropped, whatever else is fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from motion_avatar_ros.ros.latency_stages import TOTAL, LatencyStages, latency_parameters

_FRAME_MS = 16.7

AVATAR_LATENCY_PARAMETERS = latency_parameters({
    'alignment': (50.0, 'warn when the trackers of one frame come so long after each other, p50'),
    'tracker_age': (50.0, 'warn when tracker samples are so old at their reception, p50'),
    'wait': (50.0, 'warn when complete frames wait so long for their inference, p50'),
    'inference': (_FRAME_MS, 'warn when one inference takes so long, p50; longer than between '
                             'two frames, and frames wait and are dropped'),
    'publish': (10.0, 'warn when limits and publishing of one pose take so long, p50'),
    TOTAL: (150.0, 'warn when poses are published so long after their stamp, p50'),
})
RETARGET_LATENCY_PARAMETERS = latency_parameters({
    'body_age': (150.0, 'warn when bodies are so old at their reception, p50'),
    'retarget': (_FRAME_MS, 'warn when following one body takes so long, p50; longer than '
                            'between two bodies, and bodies are skipped'),
    'hold_back': (50.0, 'warn when output_rate_hz shows bodies so long after they are followed, '
                        'p50'),
    'publish': (10.0, 'warn when the states and commands of one pose take so long, p50'),
    TOTAL: (200.0, 'warn when robot poses are published so long after their stamp, p50'),
})


def retarget_stages(values: Mapping[str, Any]) -> LatencyStages:
    """
    Return the meters of retarget_node, from its parameters.

    - `body_age`: reception of the body minus its stamp, by the clock of the stamps: all of
      avatar_node's stages, and the way here.
    - `retarget`: from reception on: decoding, filter, solver.
    - `hold_back`, with output_rate_hz: how much older what is shown is than that explains, for
      poses are interpolated between two bodies.
    - `publish`: joint states, markers, and the command.
    - `input_to_publish`: publication minus stamp, the sum of these.
    """
    names = ['body_age', 'retarget', 'hold_back', 'publish', TOTAL]
    if not values['output_rate_hz']:
        names.remove('hold_back')
    return LatencyStages(names)
