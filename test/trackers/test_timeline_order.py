# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The same samples make the same frames, in whatever order topics are heard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.trackers.timeline import TrackerTimeline

NAMES = ('head', 'left_hand', 'right_hand')
START = 1_700_000_000_000_000_000
SAMPLES = 270
TIMES_S = np.cumsum(1.0 / 90.0 + np.random.default_rng(7).uniform(-1e-5, 1e-5, SAMPLES))


def frames(order):
    """Return the bytes of each frame by its stamp, of (tracker, sample) as they are heard."""
    timeline, now_s, made = TrackerTimeline(NAMES, 60.0), 0.0, {}
    for name, index in order:
        time_s = float(TIMES_S[index])
        now_s = max(now_s, time_s)
        place = math.sin(time_s + NAMES.index(name)), 0.2 * math.cos(2.0 * time_s), 1.5
        timeline.add(
            name, START + round(time_s * 1e9), place,
            Rotation.from_euler('zy', [0.8 * time_s, 0.3 * math.sin(time_s)]).as_quat(),
            START + round(now_s * 1e9))
        batch = timeline.take()
        if batch is not None:
            made |= {
                int(stamp_ns): (
                    batch.rotations[slot].tobytes(), batch.positions[slot].tobytes())
                for slot, stamp_ns in enumerate(batch.stamps_ns)}
    return made


@pytest.mark.parametrize('seed', range(3))
def test_frames_do_not_depend_on_which_tracker_is_heard_first(seed):
    """Of a burst an executor takes one topic's samples, then another's."""
    heard, bursts = dict.fromkeys(NAMES, 0), []
    random = np.random.default_rng(seed)
    while min(heard.values()) < SAMPLES:
        name = NAMES[random.integers(len(NAMES))]
        until = min(min(heard.values()) + int(random.integers(1, 6)), SAMPLES)
        bursts += [(name, index) for index in range(heard[name], until)]
        heard[name] = max(heard[name], until)
    in_turn = frames((name, index) for index in range(SAMPLES) for name in NAMES)
    assert len(in_turn) > 170 and frames(bursts) == in_turn
