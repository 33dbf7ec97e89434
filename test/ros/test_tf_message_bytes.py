# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The bytes of TFMessage are read as the middleware writes them."""

from __future__ import annotations

import itertools
import math

from geometry_msgs.msg import TransformStamped
import pytest
from rclpy.serialization import serialize_message

from motion_avatar_ros.ros.tf_message_bytes import UnreadableBytesError, read_transforms

TFMessage = pytest.importorskip('tf2_msgs.msg', reason='tf2_msgs is not on this host').TFMessage


def transform(parent, child, number):
    """Return a transform whose numbers all differ."""
    message = TransformStamped()
    message.header.frame_id, message.child_frame_id = parent, child
    message.header.stamp.sec, message.header.stamp.nanosec = 1_700_000_000 + number, 999_999_999
    translation, rotation = message.transform.translation, message.transform.rotation
    translation.x, translation.y, translation.z = number + 0.1, number + 0.2, math.nan
    rotation.x, rotation.y, rotation.z, rotation.w = 0.1, 0.2, 0.3, -number - 0.5
    return message


def test_names_of_every_length_and_alignment_are_read():
    names = ['', 'o', 'od', 'odo', 'odom', 'a/long/name_of_a_frame', 'naïve']
    message = TFMessage(transforms=[
        transform(parent, child, number)
        for number, (parent, child) in enumerate(itertools.product(names, names))])
    records = list(read_transforms(serialize_message(message), ()))
    assert len(records) == len(names) ** 2
    for number, (record, sent) in enumerate(zip(records, message.transforms)):
        assert (record.parent, record.child) == (sent.header.frame_id, sent.child_frame_id)
        assert record.stamp_ns == (1_700_000_000 + number) * 10 ** 9 + 999_999_999
        assert record.position_m[:2] == (number + 0.1, number + 0.2)
        assert math.isnan(record.position_m[2])
        assert record.quaternion_xyzw == (0.1, 0.2, 0.3, -number - 0.5)
    assert len({record.key for record in records}) == len(records)


def test_skipped_pairs_are_stepped_over_and_others_read():
    message = TFMessage(transforms=[
        transform('odom', name, number) for number, name in enumerate('abcde')])
    data = serialize_message(message)
    keys = {record.key for record in read_transforms(data, ()) if record.child in 'bd'}
    assert [record.child for record in read_transforms(data, keys)] == ['a', 'c', 'e']
    other = serialize_message(TFMessage(transforms=[transform('base', 'b', 0)]))
    assert [record.child for record in read_transforms(other, keys)] == ['b']


def test_empty_message_has_no_transforms():
    assert not list(read_transforms(serialize_message(TFMessage()), ()))


def test_cut_or_foreign_bytes_are_told_apart():
    data = serialize_message(TFMessage(transforms=[transform('odom', 'head', 1)]))
    for end in range(len(data)):
        with pytest.raises(UnreadableBytesError):
            list(read_transforms(data[:end], ()))
    with pytest.raises(UnreadableBytesError):
        list(read_transforms(b'\0\0' + data[2:], ()))
    with pytest.raises(UnreadableBytesError):
        list(read_transforms(b'\0\1\0\0\xff\xff\xff\xff', ()))
