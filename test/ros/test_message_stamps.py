# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Stamps move, every other byte stays, and an avatar's frames are left out."""

from __future__ import annotations

import itertools

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')
TFMessage = pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs').TFMessage

from geometry_msgs.msg import PoseStamped, TransformStamped  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402

from motion_avatar_ros.ros.body_messages import stamp_ns, time_message  # noqa: E402
from motion_avatar_ros.ros.message_stamps import (  # noqa: E402
    UnreadableMessageError, child_frames, first_stamp_ns, restamped_pose, restamped_transforms,
)

STAMP_NS = 1_700_000_000_999_999_999
MOVE_NS = 98_765_432_101


def moved(stamp):
    return stamp + MOVE_NS


def transforms(*children, parent='odom'):
    message = TFMessage()
    for slot, child in enumerate(children):
        transform = TransformStamped(child_frame_id=child)
        transform.header.frame_id = parent
        transform.header.stamp = time_message(STAMP_NS + slot)
        transform.transform.translation.x = 0.1 * slot
        transform.transform.rotation.w = 1.0 / 3.0
        message.transforms.append(transform)
    return message


def test_transforms_of_every_alignment_keep_all_but_the_stamp():
    names = ['', 'o', 'od', 'odo', 'odom', 'naïve/frame']
    for parent, child in itertools.product(names, names):
        message = transforms(child, 'x' + child, parent=parent)
        data = restamped_transforms(serialize_message(message), TFMessage, moved, ('avatar/',))
        for transform in message.transforms:
            transform.header.stamp = time_message(moved(stamp_ns(transform.header.stamp)))
        assert data == serialize_message(message)


def test_pose_keeps_all_but_the_stamp():
    message = PoseStamped()
    message.header.frame_id = 'odom'
    message.header.stamp = time_message(STAMP_NS)
    message.pose.position.x = 1.0 / 3.0
    data = serialize_message(message)
    assert first_stamp_ns(data, is_pose=True) == STAMP_NS
    message.header.stamp = time_message(moved(STAMP_NS))
    assert restamped_pose(data, PoseStamped, moved) == serialize_message(message)


@pytest.mark.parametrize('slash', ['', '/'])
def test_frames_of_an_avatar_are_left_out_of_a_mixed_message(slash):
    message = transforms('head_tracker', f'{slash}avatar/pelvis', 'avatar', 'avatar2/pelvis')
    data = restamped_transforms(serialize_message(message), TFMessage, moved, ('avatar/',))
    sent = deserialize_message(data, TFMessage)
    assert [t.child_frame_id for t in sent.transforms] == [
        'head_tracker', 'avatar', 'avatar2/pelvis']
    assert [stamp_ns(t.header.stamp) for t in sent.transforms] == [
        moved(STAMP_NS), moved(STAMP_NS + 2), moved(STAMP_NS + 3)]
    assert sent.transforms[1].transform == message.transforms[2].transform


def test_nothing_is_left_of_an_avatars_message():
    data = serialize_message(transforms('avatar/pelvis', 'avatar/head'))
    assert restamped_transforms(data, TFMessage, moved, ('avatar/',)) is None
    assert restamped_transforms(serialize_message(TFMessage()), TFMessage, moved, ()) is None
    assert child_frames(data) == ['avatar/pelvis', 'avatar/head']


def big_endian_pose():
    """Return a PoseStamped at the origin with frame 'odom', as a big-endian host sends it."""
    sec, nanosec = divmod(STAMP_NS, 10**9)
    return (b'\x00\x00\x00\x00' + sec.to_bytes(4, 'big') + nanosec.to_bytes(4, 'big')
            + (5).to_bytes(4, 'big') + b'odom\x00' + bytes(7) + bytes(56))


def test_another_byte_order_is_read_by_the_middleware():
    sent = deserialize_message(
        restamped_pose(big_endian_pose(), PoseStamped, moved), PoseStamped)
    assert stamp_ns(sent.header.stamp) == moved(STAMP_NS)
    assert sent.header.frame_id == 'odom'


@pytest.mark.parametrize('length', [0, 3, 8, 20, 60, 100])
def test_cut_off_bytes_are_refused(length):
    data = serialize_message(transforms('head_tracker', 'left_hand_tracker'))[:length]
    with pytest.raises(UnreadableMessageError):
        restamped_transforms(data, TFMessage, moved, ('avatar/',))
    assert child_frames(data) == []
