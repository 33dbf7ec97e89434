# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The truth some frames later."""

from __future__ import annotations

import numpy as np
import pytest
from swaying_motion import swaying_motion

from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.training.future_truth import ahead_of

POSES = swaying_motion(1, 50).poses


@pytest.mark.parametrize('frames', [0, 1, 7])
def test_whole_frames_are_those_of_the_clip(frames):
    later = ahead_of(POSES, frames)
    assert len(later.root_position) == 50 - frames
    np.testing.assert_allclose(later.root_position, POSES.root_position[frames:], atol=1e-12)
    np.testing.assert_allclose(
        later.local_rotations, POSES.local_rotations[frames:], atol=1e-9)


def test_between_frames_it_lies_between_them():
    later = ahead_of(POSES, 2.25)
    assert len(later.root_position) == 47
    np.testing.assert_allclose(
        later.root_position,
        0.75 * POSES.root_position[2:49] + 0.25 * POSES.root_position[3:50], atol=1e-12)
    to_next = geodesic_angle(later.local_rotations, POSES.local_rotations[3:50])
    whole = geodesic_angle(POSES.local_rotations[2:49], POSES.local_rotations[3:50])
    np.testing.assert_allclose(to_next, 0.75 * whole, atol=1e-6)


def test_a_clip_that_ends_before_has_no_later_pose():
    assert len(ahead_of(POSES[:3], 3.6).root_position) == 0
