# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Joints that are driven as hard as they may be never break a limit."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.retarget.joint_limits import JointLimits

COUNT = 200


def limits(rng):
    lower = -rng.uniform(0.05, 2.0, COUNT)
    return JointLimits(
        lower, lower + rng.uniform(0.1, 3.0, COUNT), rng.uniform(0.5, 10.0, COUNT),
        rng.uniform(5.0, 200.0, COUNT))


@pytest.mark.parametrize('jitter', [0.0, 0.9])
@pytest.mark.parametrize('drive', ['up', 'down', 'at random', 'to and fro'])
def test_no_limit_is_broken_however_joints_are_driven_and_frames_jitter(drive, jitter):
    rng = np.random.default_rng(0)
    bounds = limits(rng)
    position = 0.5 * (bounds.lower + bounds.upper)
    speed = np.zeros(COUNT)
    for frame in range(400):
        dt_s = (1.0 + jitter * rng.uniform(-1.0, 4.0)) / 60.0
        least, greatest = bounds.reach(position, speed, dt_s)
        assert (least <= greatest + 1e-12).all()
        share = {'up': 1.0, 'down': 0.0, 'at random': rng.random(COUNT),
                 'to and fro': float(frame % 40 < 20)}[drive]
        step = least + share * (greatest - least)
        new_speed = step / dt_s
        assert (np.abs(new_speed) <= bounds.velocity + 1e-9).all()
        assert (np.abs(new_speed - speed) <= bounds.acceleration * dt_s + 1e-9).all()
        position = position + step
        assert (position >= bounds.lower - 1e-9).all()
        assert (position <= bounds.upper + 1e-9).all()
        speed = new_speed
    if drive == 'up':
        np.testing.assert_allclose(position, bounds.upper, atol=1e-3)


def test_a_joint_far_from_its_limits_reaches_full_speed():
    bounds = JointLimits(*(np.array([value]) for value in (-100.0, 100.0, 4.0, 60.0)))
    position, speed = np.zeros(1), np.zeros(1)
    for _ in range(10):
        _, step = bounds.reach(position, speed, 1.0 / 60.0)
        position, speed = position + step, step * 60.0
    assert speed[0] == pytest.approx(4.0)
