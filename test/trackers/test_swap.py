# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The hint that the hands are swapped comes when they are, and not when arms cross."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.axes import smpl_global_rotations
from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.trackers.swap import SwapWatch

RATE_HZ = 60


def watch(leftward_m, heading_rad=0.0, seconds=2.0, hint=None, start_s=0.0):
    """Return the answers, frame by frame, for a left hand some way left of the right one."""
    hint = hint or SwapWatch()
    turn = rotation_about_z(np.array(heading_rad))
    rotations = np.broadcast_to(smpl_global_rotations(turn), (1, 3, 3, 3))
    hands = np.array([[0.0, 0.0, 1.6], [0.3, leftward_m / 2, 1.0], [0.3, -leftward_m / 2, 1.0]])
    stamps = ((start_s + np.arange(int(seconds * RATE_HZ)) / RATE_HZ) * 1e9).astype(np.int64)
    return [hint.update(stamp[None], rotations, (hands @ turn.T)[None]) for stamp in stamps]


@pytest.mark.parametrize('heading_rad', [0.0, 1.0, 2.5, -2.0])
def test_swapped_hands_are_hinted_at_after_a_second_whatever_the_heading(heading_rad):
    answers = watch(-0.6, heading_rad)
    assert not any(answers[:60])
    assert all(answers[63:])


@pytest.mark.parametrize('leftward_m', [0.6, 0.0, -0.35])
def test_hands_in_place_together_or_crossed_are_not(leftward_m):
    assert not any(watch(leftward_m, 1.0))


def test_time_without_frames_is_no_evidence():
    hint = SwapWatch()
    watch(-0.6, seconds=0.5, hint=hint)
    assert not any(watch(-0.6, seconds=0.5, hint=hint, start_s=10.0))
