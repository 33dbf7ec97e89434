# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a frame was in another, through frames that move and frames that do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motion_avatar_ros.trackers.frame_tree import NotYetError, TransformError
from motion_avatar_ros.trackers.transform_buffer import ChainBuffer

T = 1_700_000_000_000_000_000
MS = 1_000_000
UPRIGHT = (0.0, 0.0, 0.0, 1.0)


def about_z(angle_rad):
    """Return the quaternion of a turn about the vertical."""
    return (0.0, 0.0, math.sin(angle_rad / 2), math.cos(angle_rad / 2))


def assert_pose(found, position, quaternion, stamp_ns=None):
    """Compare poses; a quaternion's sign does not matter."""
    np.testing.assert_allclose(found[0], position, atol=1e-9)
    assert abs(np.dot(found[1], quaternion)) == pytest.approx(1.0, abs=1e-12)
    if stamp_ns is not None:
        assert found[2] == stamp_ns


def test_child_of_the_fixed_frame_is_interpolated_along_the_shortest_arc(buffer):
    buffer.set_transform('odom', 'head', T, (0.0, 0.0, 1.0), about_z(0.2))
    flipped = tuple(-value for value in about_z(0.6))
    buffer.set_transform('odom', 'head', T + 10 * MS, (1.0, 0.0, 2.0), flipped)
    assert_pose(
        buffer.lookup('odom', 'head', T + 4 * MS), (0.4, 0.0, 1.4), about_z(0.36), T + 4 * MS)
    assert_pose(buffer.lookup('odom', 'head', T), (0.0, 0.0, 1.0), about_z(0.2))
    assert_pose(
        buffer.lookup('odom', 'head'), (1.0, 0.0, 2.0), about_z(0.6), T + 10 * MS)


def test_static_frame_in_between_is_there_at_any_time(buffer):
    buffer.set_transform(
        'odom', 'lighthouse', 0, (1.0, 2.0, 3.0), about_z(math.pi / 2), is_static=True)
    buffer.set_transform('lighthouse', 'head', T, (1.0, 0.0, 0.0), about_z(0.1))
    assert_pose(
        buffer.lookup('odom', 'head', T), (1.0, 3.0, 3.0), about_z(math.pi / 2 + 0.1), T)
    assert_pose(buffer.lookup('odom', 'head'), (1.0, 3.0, 3.0), about_z(math.pi / 2 + 0.1), T)


def test_moving_frame_in_between_is_interpolated_at_the_time_asked_for(buffer):
    for step in range(4):  # 30 Hz
        buffer.set_transform(
            'odom', 'rig', T + step * 33 * MS, (0.1 * step, 0.0, 0.0), about_z(0.2 * step))
    for step in range(7):  # 60 Hz
        buffer.set_transform('rig', 'head', T + step * 16 * MS, (0.0, 1.0, 0.0), UPRIGHT)
    turn = 0.2 * 48 / 33
    assert_pose(
        buffer.lookup('odom', 'head', T + 48 * MS),
        (0.1 * 48 / 33 - math.sin(turn), math.cos(turn), 0.0), about_z(turn))
    assert buffer.lookup('odom', 'head')[2] == T + 96 * MS


def test_fixed_frame_in_another_branch_is_reached_through_the_common_ancestor(buffer):
    random = np.random.default_rng(0)
    poses = {}
    for parent, child, is_static in (
            ('map', 'odom', False), ('map', 'room', True), ('room', 'rig', False),
            ('rig', 'head', False), ('odom', 'base', False)):
        position, turn = random.normal(size=3), Rotation.random(random_state=random)
        poses[child] = np.eye(4)
        poses[child][:3, :3], poses[child][:3, 3] = turn.as_matrix(), position
        buffer.set_transform(
            parent, child, T, tuple(position), tuple(turn.as_quat()), is_static=is_static)
    expected = (
        np.linalg.inv(poses['odom'] @ poses['base'])
        @ poses['room'] @ poses['rig'] @ poses['head'])
    assert_pose(
        buffer.lookup('base', 'head', T), expected[:3, 3],
        Rotation.from_matrix(expected[:3, :3]).as_quat())
    assert_pose(buffer.lookup('base', 'base'), (0.0, 0.0, 0.0), UPRIGHT)


def test_nothing_is_extrapolated(buffer):
    for step in range(3):
        buffer.set_transform('odom', 'head', T + step * MS, (0.0, 0.0, 0.0), UPRIGHT)
    with pytest.raises(NotYetError, match='head'):
        buffer.lookup('odom', 'head', T + 2 * MS + 1)
    with pytest.raises(TransformError, match='head') as caught:
        buffer.lookup('odom', 'head', T - 1)
    assert not isinstance(caught.value, NotYetError)


def test_missing_frame_is_named_with_those_that_are_known(buffer):
    buffer.set_transform('odom', 'head', T, (0.0, 0.0, 0.0), UPRIGHT)
    with pytest.raises(TransformError, match=r"'left_hand'.*head, odom"):
        buffer.lookup('odom', 'left_hand', T)
    with pytest.raises(TransformError, match=r"'world'.*head, odom"):
        buffer.lookup('world', 'head', T)


def test_frames_that_are_not_connected_are_named_with_their_roots(buffer):
    buffer.set_transform('odom', 'base', T, (0.0, 0.0, 0.0), UPRIGHT)
    buffer.set_transform('vr', 'head', T, (0.0, 0.0, 0.0), UPRIGHT)
    with pytest.raises(TransformError, match=r"'head' \(under 'vr'\).*'odom'"):
        buffer.lookup('odom', 'head', T)
    buffer.set_transform('odom', 'vr', 0, (0.0, 0.0, 1.0), UPRIGHT, is_static=True)
    assert_pose(buffer.lookup('odom', 'head', T), (0.0, 0.0, 1.0), UPRIGHT)


def test_loop_of_parents_ends_in_an_error_and_not_in_a_hang(buffer):
    for parent, child in (('a', 'b'), ('b', 'c'), ('c', 'a')):
        buffer.set_transform(parent, child, T, (0.0, 0.0, 0.0), UPRIGHT)
    with pytest.raises(TransformError, match='loop'):
        buffer.lookup('a', 'c', T)
    assert not buffer.set_transform('a', 'a', T, (0.0, 0.0, 0.0), UPRIGHT)


@pytest.mark.parametrize('position, quaternion', [
    ((math.nan, 0.0, 0.0), UPRIGHT),
    ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)),
    ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, math.nan)),
    ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 2.0)),
])
def test_numbers_that_are_no_pose_are_refused_and_change_nothing(buffer, position, quaternion):
    buffer.set_transform('odom', 'head', T, (1.0, 0.0, 0.0), UPRIGHT)
    assert not buffer.set_transform('odom', 'head', T + MS, position, quaternion)
    assert not buffer.set_transform('head', 'tip', T + MS, position, quaternion, is_static=True)
    assert_pose(buffer.lookup('odom', 'head'), (1.0, 0.0, 0.0), UPRIGHT, T)


def test_rounded_quaternion_is_normalised(buffer):
    assert buffer.set_transform('odom', 'head', T, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.03))
    assert_pose(buffer.lookup('odom', 'head', T), (0.0, 0.0, 0.0), UPRIGHT)


def test_samples_out_of_order_are_put_in_order_and_the_first_of_a_stamp_stays(buffer):
    for stamp_ms, x in ((0, 0.0), (30, 3.0), (10, 7.0), (10, 9.0)):
        buffer.set_transform('odom', 'head', T + stamp_ms * MS, (x, 0.0, 0.0), UPRIGHT)
    assert_pose(buffer.lookup('odom', 'head', T + 10 * MS), (7.0, 0.0, 0.0), UPRIGHT)
    assert_pose(buffer.lookup('odom', 'head', T + 20 * MS), (5.0, 0.0, 0.0), UPRIGHT)


def test_clear_forgets_what_moves_and_keeps_what_is_static(buffer):
    buffer.set_transform('odom', 'room', 0, (0.0, 0.0, 1.0), UPRIGHT, is_static=True)
    buffer.set_transform('room', 'head', T, (1.0, 0.0, 0.0), UPRIGHT)
    buffer.clear()
    with pytest.raises(TransformError):
        buffer.lookup('odom', 'head', T)
    buffer.set_transform('room', 'head', T - 10 ** 12, (2.0, 0.0, 0.0), UPRIGHT)
    assert_pose(buffer.lookup('odom', 'head'), (2.0, 0.0, 1.0), UPRIGHT)
    assert buffer.known_frames() == ['head', 'odom', 'room']


def test_frame_that_changes_its_parent_is_found_under_the_new_one():
    buffer = ChainBuffer()
    buffer.set_transform('odom', 'room', 0, (0.0, 0.0, 1.0), UPRIGHT, is_static=True)
    buffer.set_transform('room', 'head', T, (1.0, 0.0, 0.0), UPRIGHT)
    assert_pose(buffer.lookup('odom', 'head'), (1.0, 0.0, 1.0), UPRIGHT)
    buffer.set_transform('odom', 'head', T + MS, (1.0, 0.0, 0.0), UPRIGHT)
    assert_pose(buffer.lookup('odom', 'head'), (1.0, 0.0, 0.0), UPRIGHT)
    with pytest.raises(TransformError):  # never between samples of two parents
        buffer.lookup('odom', 'head', T)


def test_memory_is_bounded_to_the_cache_duration():
    buffer = ChainBuffer(cache_duration_s=10.0)
    for step in range(20_000):
        buffer.set_transform('odom', 'head', T + step * 10 * MS, (0.0, 0.0, 0.0), UPRIGHT)
    assert len(buffer._moving['head']) <= 1_100
    assert buffer.lookup('odom', 'head', T + 19_000 * 10 * MS)


def test_one_stamp_of_the_far_future_does_not_block_a_frame_for_ever():
    buffer = ChainBuffer()
    buffer.set_transform('odom', 'rig', T + 10 ** 18, (9.0, 0.0, 0.0), UPRIGHT)
    for step in range(20):
        buffer.set_transform('odom', 'rig', T + step * MS, (1.0, 0.0, 0.0), UPRIGHT)
    assert_pose(buffer.lookup('odom', 'rig'), (1.0, 0.0, 0.0), UPRIGHT, T + 19 * MS)
