# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Reads serialised tf2_msgs/TFMessage without building message objects.

A robot and an avatar put thousands of transforms per second on `/tf`, of which a tracker input
needs a few. rclpy takes about 15 us to make objects of one transform; stepping over one in the
bytes takes less than one.

Layout (CDR): 4 bytes of encapsulation, from where alignment counts; the number of transforms;
per transform the stamp (int32, uint32), frame_id and child_frame_id (uint32 length with the
closing zero, bytes; aligned to 4), seven doubles (aligned to 8).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
import struct
from typing import NamedTuple

from motion_avatar_ros.trackers.pose_algebra import Quaternion, Vector

_LITTLE_ENDIAN_CDR = b'\x00\x01'
_HEADER = struct.Struct('<iII')  # stamp and the length of frame_id
_LENGTH = struct.Struct('<I')
_DOUBLES = struct.Struct('<7d')
_NS_PER_S = 1_000_000_000


class TransformRecord(NamedTuple):
    """One transform of a message; `key` stands for its pair of frames."""

    key: bytes
    parent: str
    child: str
    stamp_ns: int
    position_m: Vector
    quaternion_xyzw: Quaternion


class UnreadableBytesError(ValueError):
    """Bytes that are not a little-endian CDR TFMessage."""


def read_transforms(data: bytes, skipped_keys: Container[bytes]) -> Iterator[TransformRecord]:
    """
    Yield the transforms of a serialised TFMessage.

    Args:
        data: the message as a raw subscription delivers it.
        skipped_keys: keys of transforms to step over.

    Raises:
        UnreadableBytesError: the bytes are something else.
    """
    if data[:2] != _LITTLE_ENDIAN_CDR:
        raise UnreadableBytesError(f'encapsulation {data[:2].hex()}')
    try:
        count = _LENGTH.unpack_from(data, 4)[0]
        offset = 8
        for _ in range(count):
            offset = (offset + 3) & ~3
            sec, nanosec, parent_length = _HEADER.unpack_from(data, offset)
            names_start = offset + 12
            child_start = (names_start + parent_length + 3) & ~3
            child_length = _LENGTH.unpack_from(data, child_start)[0]
            end = child_start + 4 + child_length
            offset = ((end + 3) & ~7) + 4  # 8-aligned, counted from byte 4
            key = data[names_start:end]
            if key not in skipped_keys:
                x, y, z, *quaternion = _DOUBLES.unpack_from(data, offset)
                yield TransformRecord(
                    key,
                    data[names_start:names_start + parent_length - 1].decode(errors='replace'),
                    data[child_start + 4:end - 1].decode(errors='replace'),
                    sec * _NS_PER_S + nanosec,
                    (x, y, z),
                    tuple(quaternion),
                )
            offset += _DOUBLES.size
    except struct.error as error:
        raise UnreadableBytesError(str(error)) from error
