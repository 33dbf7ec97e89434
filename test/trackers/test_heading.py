# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The head's heading: right when upright, continuous through bows, held upside down."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
import torch

from motion_avatar_ros.body.axes import smpl_global_rotations
from motion_avatar_ros.trackers.heading import heading_angles


def head(yaw, pitch_down=0.0, roll=0.0):
    return smpl_global_rotations(Rotation.from_euler('ZYX', [yaw, pitch_down, roll]).as_matrix())


@pytest.mark.parametrize('yaw', [-3.1, -1.0, 0.0, 0.5, 3.1])
@pytest.mark.parametrize('pitch', [-1.5, 0.0, 0.7, np.pi / 2, 2.0])
def test_a_nod_of_any_depth_keeps_the_heading(yaw, pitch):
    assert heading_angles(head(yaw, pitch)[None])[0] == pytest.approx(yaw)


def test_a_half_turn_is_a_heading_too():
    assert abs(heading_angles(head(np.pi)[None])[0]) == pytest.approx(np.pi)


def test_looking_straight_down_and_on_is_continuous():
    pitches = np.linspace(0.0, 2.8, 200)
    clip = np.stack([head(0.4, pitch, 0.05) for pitch in pitches])
    assert np.abs(np.diff(heading_angles(clip))).max() < 0.05


def test_upside_down_the_heading_before_is_held():
    clip = np.stack([head(0.4, pitch) for pitch in (0.0, np.pi, np.pi, 0.1)])
    np.testing.assert_allclose(heading_angles(clip), 0.4)
    np.testing.assert_allclose(heading_angles(clip[1:2], previous_rad=1.0), 1.0)


def test_torch_gives_the_same():
    clip = np.stack([head(y, p) for y, p in np.random.default_rng(0).uniform(-3, 3, (50, 2))])
    np.testing.assert_allclose(
        heading_angles(torch.from_numpy(clip)).numpy(), heading_angles(clip), atol=1e-12)
