# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Tests of the built-in motion: what would make it look or feel unlike a human.

The bounds on trackers enclose what public motion capture of walking adults shows.
"""

from __future__ import annotations

import numpy as np
import pytest

from motion_avatar_ros.body.axes import ros_global_rotations
from motion_avatar_ros.body.footsteps import BALL_HEIGHT_M
from motion_avatar_ros.body.motion import Motion
from motion_avatar_ros.body.procedural_motion import (
    MOTION_NAMES, UnknownMotionError, builtin_motion,
)
from motion_avatar_ros.body.rotations import geodesic_angle
from motion_avatar_ros.body.skeleton import (
    HEAD, JOINT_INDEX, LEFT_FOOT, LEFT_WRIST, PELVIS, RIGHT_FOOT, RIGHT_WRIST,
)

RATE_HZ = 60.0
FEET = [LEFT_FOOT, RIGHT_FOOT]
ANKLES = [JOINT_INDEX['left_ankle'], JOINT_INDEX['right_ankle']]


@pytest.fixture(scope='module', params=MOTION_NAMES)
def motion(request) -> Motion:
    return builtin_motion(request.param)


@pytest.fixture(scope='module')
def walk() -> Motion:
    """Give the walk at full speed, without its start and stop."""
    motion = builtin_motion('walk')
    return Motion(motion.poses[120:-120], motion.rate_hz)


def _cyclic_velocity(values: np.ndarray) -> np.ndarray:
    return (np.roll(values, -1, axis=0) - values) * RATE_HZ


def _straight(walk: Motion) -> Motion:
    """Return the middle of the straight between the bends."""
    middle = len(walk) // 2
    return Motion(walk.poses[middle - 40:middle + 40], walk.rate_hz)


def test_frame_after_the_last_is_the_first(motion):
    _, positions = motion.poses.global_joints()
    acceleration = _cyclic_velocity(_cyclic_velocity(positions))
    seam = np.linalg.norm(acceleration[-2:], axis=-1).max()
    assert seam < 2.0  # m/s^2: neither place nor speed jumps


def test_same_motion_every_time(motion):
    name = next(n for n in MOTION_NAMES if len(builtin_motion(n)) == len(motion))
    again = builtin_motion(name)
    assert np.array_equal(again.poses.local_rotations, motion.poses.local_rotations)
    assert np.array_equal(again.poses.root_position, motion.poses.root_position)


def test_rotations_are_proper(motion):
    rotations = motion.poses.local_rotations
    assert np.abs(rotations @ rotations.swapaxes(-1, -2) - np.eye(3)).max() < 1e-9
    assert np.linalg.det(rotations).min() > 0.99


def test_standing_foot_does_not_slide(motion):
    _, positions = motion.poses.global_joints()
    balls = positions[:, FEET]
    step = np.linalg.norm(_cyclic_velocity(balls), axis=-1)
    is_down = balls[..., 2] < BALL_HEIGHT_M + 1e-4
    stays_down = is_down & np.roll(is_down, -1, axis=0)
    # Where a foot meets the floor or leaves it, the sole is still or already rolling.
    for turn in (1, -1, 2, -2):
        stays_down &= np.roll(is_down, turn, axis=0)
    assert stays_down.mean() > 0.4
    assert step[stays_down].max() < 0.08
    assert step[stays_down].mean() < 0.005


def test_no_foot_sinks_into_the_floor(motion):
    _, positions = motion.poses.global_joints()
    assert positions[:, FEET, 2].min() > BALL_HEIGHT_M - 1e-6
    assert positions[:, ANKLES, 2].min() > 0.07


def test_at_least_one_foot_carries_the_body(motion):
    _, positions = motion.poses.global_joints()
    assert positions[:, FEET, 2].min(axis=1).max() < BALL_HEIGHT_M + 0.02


def test_legs_reach_their_feet(motion):
    """A leg that falls short leaves its foot above the floor, or below it."""
    rotations, positions = motion.poses.global_joints()
    flat = (ros_global_rotations(rotations[:, ANKLES])[..., 2, 2] > 0.99999)
    height = positions[:, FEET, 2][flat]
    assert np.abs(height[height < 0.04] - BALL_HEIGHT_M).max() < 2e-3


def test_joints_move_no_faster_than_people_do(motion):
    rotations = motion.poses.local_rotations
    speed = geodesic_angle(rotations, np.roll(rotations, -1, axis=0)) * RATE_HZ
    assert speed.max() < 13.0
    _, positions = motion.poses.global_joints()
    velocity = _cyclic_velocity(positions)
    assert np.linalg.norm(velocity, axis=-1).max() < 5.5
    acceleration = np.linalg.norm(_cyclic_velocity(velocity), axis=-1)
    assert acceleration[:, [HEAD, PELVIS]].max() < 8.0
    assert acceleration[:, [LEFT_WRIST, RIGHT_WRIST]].max() < 25.0


def test_walk_returns_to_its_start_after_a_full_turn():
    motion = builtin_motion('walk')
    facing = ros_global_rotations(motion.poses.local_rotations[:, PELVIS])[..., 0]
    turned = np.unwrap(np.arctan2(facing[:, 1], facing[:, 0]))
    assert turned[-1] - turned[0] == pytest.approx(2.0 * np.pi, abs=0.05)
    extent = np.ptp(motion.poses.root_position[:, :2], axis=0)
    assert extent.max() > 2.0


def test_walking_body_is_upright_and_faces_its_way(walk):
    rotations, positions = walk.poses.global_joints()
    velocity = np.gradient(positions[:, PELVIS, :2], axis=0)
    course = velocity / np.linalg.norm(velocity, axis=-1, keepdims=True)
    for joint in (PELVIS, HEAD):
        axes = ros_global_rotations(rotations[:, joint])
        assert axes[:, 2, 2].min() > 0.95
        assert (axes[:, :2, 0] * course).sum(axis=-1).min() > 0.8


def test_walking_head_bobs_like_a_head(walk):
    straight = _straight(walk)
    _, positions = straight.poses.global_joints()
    height = positions[:, HEAD, 2]
    assert 1.45 < height.mean() < 1.53
    assert 0.02 < np.ptp(height) < 0.055
    spectrum = np.abs(np.fft.rfft((height - height.mean()) * np.hanning(len(height)), 2048))
    frequency_hz = np.fft.rfftfreq(2048, 1.0 / RATE_HZ)[10 + spectrum[10:].argmax()]
    assert 1.5 < frequency_hz < 2.1  # once per step


def test_walking_arms_hang_and_swing_against_the_legs(walk):
    rotations, positions = walk.poses.global_joints()
    ahead = ros_global_rotations(rotations[:, PELVIS])[..., 0]
    swing = {}
    for side, wrist, foot in (('left', LEFT_WRIST, LEFT_FOOT),
                              ('right', RIGHT_WRIST, RIGHT_FOOT)):
        assert 0.8 < positions[:, wrist, 2].mean() < 1.0
        relative = positions - positions[:, PELVIS, None]
        hand = (relative[:, wrist] * ahead).sum(axis=-1)
        assert 0.2 < np.ptp(hand) < 0.6
        swing[side] = np.corrcoef(hand, (relative[:, foot] * ahead).sum(axis=-1))[0, 1]
    assert max(swing.values()) < -0.5


def test_standing_body_has_the_height_of_a_standing_adult():
    _, positions = builtin_motion('wave').poses[:1].global_joints()
    assert 1.46 < positions[0, HEAD, 2] < 1.52
    assert (np.abs(positions[0, [LEFT_WRIST, RIGHT_WRIST], 2] - 0.9) < 0.06).all()


def test_waving_hand_is_raised_and_the_other_is_not():
    _, positions = builtin_motion('wave').poses.global_joints()
    assert positions[:, RIGHT_WRIST, 2].max() > 1.45
    assert positions[:, LEFT_WRIST, 2].max() < 1.0


def test_squat_goes_down_and_keeps_the_head_up():
    rotations, positions = builtin_motion('squat').poses.global_joints()
    lowest = positions[:, PELVIS, 2].argmin()
    assert positions[lowest, PELVIS, 2] < 0.6
    assert positions[lowest, HEAD, 2] < 1.15
    assert ros_global_rotations(rotations[lowest, HEAD])[2, 2] > 0.9


def test_turn_ends_where_it_began_on_its_own_spot():
    motion = builtin_motion('turn')
    assert np.ptp(motion.poses.root_position[:, :2], axis=0).max() < 0.15
    facing = motion.poses.local_rotations[:, PELVIS, :2, 2]
    turned = np.unwrap(np.arctan2(facing[:, 1], facing[:, 0]))
    assert turned[-1] - turned[0] == pytest.approx(2.0 * np.pi, abs=0.05)


@pytest.mark.parametrize('rate_hz', (24.0, 90.0, 59.94))
def test_other_rates_show_the_same_motion(rate_hz):
    reference, other = builtin_motion('squat'), builtin_motion('squat', rate_hz)
    assert len(other) == round(len(reference) * rate_hz / RATE_HZ)
    assert other.poses.root_position[:, 2].min() == pytest.approx(
        reference.poses.root_position[:, 2].min(), abs=5e-3)


def test_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(UnknownMotionError, match="'moonwalk'.*walk, wave, squat, turn, mix"):
        builtin_motion('moonwalk')
