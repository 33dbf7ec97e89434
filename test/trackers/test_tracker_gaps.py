# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Hazard: a budget of one tracker that is taken for another's."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.timeline import TrackerTimeline

START_NS = 1_000_000_000_000


@pytest.mark.parametrize(('late', 'is_joined'), [
    ('left_hand', False), ('right_hand', True), ('head', False)])
def test_a_gap_that_one_tracker_may_have_starts_over_for_another(late, is_joined):
    timeline = TrackerTimeline(TRACKER_NAMES, 60.0, max_gap_s={
        'head': 0.1, 'left_hand': 0.1, 'right_hand': 0.3})
    batches = []
    for index in range(120):
        for name in TRACKER_NAMES:
            if name == late and 60 <= index < 66:
                continue
            stamp_ns = START_NS + round(index / 60.0 * 1e9)
            timeline.add(name, stamp_ns, (0.0, 0.0, 1.5), (0.0, 0.0, 0.0, 1.0), stamp_ns)
            if (frames := timeline.take()) is not None:
                batches.append(frames)
    gap_s = np.diff(np.concatenate([batch.stamps_ns for batch in batches])).max() * 1e-9
    restarts = sum(batch.is_restart for batch in batches)
    assert (restarts, gap_s < 0.02) == ((1, True) if is_joined else (2, False))
