# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Poses between poses: on time, steady, and never beyond a limit."""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.rotations import rotation_about_z
from motion_avatar_ros.retarget.pose_interpolation import PoseInterpolator
from motion_avatar_ros.retarget.solver import RobotPose

PERIOD_S, LATE_S = 1.0 / 60.0, 0.01


def pose(angle_rad: float) -> RobotPose:
    return RobotPose(
        rotation_about_z(np.array(angle_rad)), np.array([angle_rad, 0.0, 1.0]),
        np.array([angle_rad, -angle_rad]))


def interpolator() -> PoseInterpolator:
    return PoseInterpolator(np.full(2, -1.0), np.full(2, 1.0))


def played(of, rate_hz=500.0, seconds=1.0, jitter_s=0.0):
    """Push poses of a function of time at 60 Hz, read at a rate; return stamps and poses."""
    rng = np.random.default_rng(1)
    out, shown = interpolator(), []
    arrivals = [(k * PERIOD_S, k * PERIOD_S + LATE_S + jitter_s * rng.random())
                for k in range(int(seconds / PERIOD_S))]
    for now_s in np.arange(0.0, seconds, 1.0 / rate_hz):
        while arrivals and arrivals[0][1] <= now_s:
            stamp_s, received_s = arrivals.pop(0)
            out.push(pose(of(stamp_s)), stamp_s, received_s)
        got = out.at(now_s)
        if got is not None:
            shown.append((now_s, *got))
    return shown


def test_nothing_is_shown_before_the_first_pose():
    assert interpolator().at(1.0) is None


def test_one_pose_is_shown_as_it_is():
    out = interpolator()
    out.push(pose(0.3), 5.0, 5.01)
    stamp_s, shown = out.at(6.0)
    assert stamp_s == 5.0
    np.testing.assert_array_equal(shown.joints, [0.3, -0.3])


def test_a_steady_motion_is_shown_steadily_one_input_interval_late():
    shown = [each for each in played(lambda t: 0.5 * t) if each[0] > 0.2]
    for now_s, stamp_s, each in shown:
        assert stamp_s == pytest.approx(now_s - LATE_S - PERIOD_S, abs=2e-3)
        np.testing.assert_allclose(each.joints[0], 0.5 * stamp_s, atol=1e-9)
        np.testing.assert_allclose(each.base_position[0], 0.5 * stamp_s, atol=1e-9)
        np.testing.assert_allclose(
            each.base_rotation, rotation_about_z(np.array(0.5 * stamp_s)), atol=1e-9)


def test_speed_does_not_leap_from_pose_to_pose():
    shown = played(lambda t: 0.8 * np.sin(6.0 * t))
    joints = np.array([each.joints[0] for now_s, _, each in shown if now_s > 0.2])
    speeds = np.diff(joints) * 500.0
    assert np.abs(np.diff(speeds)).max() < 0.25      # of up to 4.8 rad/s


def test_messages_that_arrive_unevenly_are_still_shown_evenly():
    shown = [each for each in played(lambda t: 0.5 * t, jitter_s=0.008) if each[0] > 0.3]
    stamps = np.array([stamp_s for _, stamp_s, _ in shown])
    assert (np.diff(stamps) >= 0.0).all()
    assert np.abs(np.diff(stamps) - 1.0 / 500.0).max() < 6e-3


def test_a_cubic_never_passes_a_limit():
    out = interpolator()
    for k, angle in enumerate((0.0, 0.9, 1.0)):
        out.push(pose(angle), k * PERIOD_S, k * PERIOD_S + LATE_S)
    for share in np.linspace(0.0, 1.0, 50):
        _, shown = out.at(2 * PERIOD_S + LATE_S + share * PERIOD_S)
        assert (np.abs(shown.joints) <= 1.0).all()


def test_a_pause_or_a_stamp_that_goes_back_begins_anew():
    out = interpolator()
    for k in range(5):
        out.push(pose(0.1 * k), k * PERIOD_S, k * PERIOD_S)
    for stamp_s in (3.0, 1.0):
        out.push(pose(-0.5), stamp_s, stamp_s)
        assert out.at(stamp_s)[0] == stamp_s
        np.testing.assert_array_equal(out.at(stamp_s)[1].joints, [-0.5, 0.5])
