# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Moves the stamps of serialised TFMessage and PoseStamped messages, and reads nothing else.

Every byte but those of the stamps stays as it was, so that a pose that is played again is the
one that was recorded, bit for bit. The layout is described in tf_message_bytes.py; a
PoseStamped begins with its stamp. Other encapsulations than little-endian CDR are rare and
take the way through the middleware.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import struct
from typing import Any

from rclpy.serialization import deserialize_message, serialize_message

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.ros.body_messages import stamp_ns, time_message

#: Takes a stamp [ns] and returns another one, both 0 or more.
Restamp = Callable[[int], int]

_LITTLE_ENDIAN_CDR = b'\x00\x01'
_STAMP = struct.Struct('<iI')
_LENGTH = struct.Struct('<I')
_DOUBLES_SIZE = 56
_NS_PER_S = 1_000_000_000


class UnreadableMessageError(MotionAvatarError):
    """Bytes that are no message of the type they should have."""


def restamped_pose(data: bytes, message_type: Any, restamp: Restamp) -> bytes:
    """
    Return a serialised PoseStamped with another stamp.

    Raises:
        UnreadableMessageError: the bytes are something else.
    """
    if data[:2] == _LITTLE_ENDIAN_CDR and len(data) >= 12:
        moved = bytearray(data)
        _move(moved, 4, restamp)
        return bytes(moved)
    message = _message(data, message_type)
    _move_header(message.header, restamp)
    return serialize_message(message)


def restamped_transforms(
    data: bytes, message_type: Any, restamp: Restamp, left_out: Sequence[str],
) -> bytes | None:
    """
    Return a serialised TFMessage with other stamps and without some of its transforms.

    Args:
        data: the message.
        message_type: TFMessage.
        restamp: gives each stamp its new value.
        left_out: transforms whose child frame begins with one of these are left out.

    Returns:
        The bytes; None when nothing is left.

    Raises:
        UnreadableMessageError: the bytes are something else.
    """
    if data[:2] == _LITTLE_ENDIAN_CDR:
        try:
            transforms = _transforms(data)
        except struct.error as error:
            raise UnreadableMessageError(f'no TFMessage: {error}') from None
        prefixes = tuple(prefix.encode() for prefix in left_out)
        kept = [offset for offset, child in transforms if not child.startswith(prefixes)]
        if not kept:
            return None
        if len(kept) == len(transforms):
            moved = bytearray(data)
            for offset in kept:
                _move(moved, offset, restamp)
            return bytes(moved)
    message = _message(data, message_type)
    message.transforms = [
        transform for transform in message.transforms
        if not transform.child_frame_id.lstrip('/').startswith(tuple(left_out))]
    for transform in message.transforms:
        _move_header(transform.header, restamp)
    return serialize_message(message) if message.transforms else None


def child_frames(data: bytes) -> list[str]:
    """Return the child frames of a serialised TFMessage; none of one that cannot be read."""
    if data[:2] != _LITTLE_ENDIAN_CDR:
        return []
    try:
        return [child.decode(errors='replace') for _, child in _transforms(data)]
    except struct.error:
        return []


def first_stamp_ns(data: bytes, is_pose: bool) -> int | None:
    """Return the first stamp of a PoseStamped or TFMessage; None where there is none to read."""
    offset = 4 if is_pose else 8
    if data[:2] != _LITTLE_ENDIAN_CDR or len(data) < offset + _STAMP.size:
        return None
    sec, nanosec = _STAMP.unpack_from(data, offset)
    return sec * _NS_PER_S + nanosec


def _transforms(data: bytes) -> list[tuple[int, bytes]]:
    """Return the offset of the stamp and the child frame, without slash, of each transform."""
    found = []
    offset = 8
    for _ in range(_LENGTH.unpack_from(data, 4)[0]):
        offset = (offset + 3) & ~3
        parent_length = _LENGTH.unpack_from(data, offset + 8)[0]
        child_start = (offset + 12 + parent_length + 3) & ~3
        child_length = _LENGTH.unpack_from(data, child_start)[0]
        end = child_start + 4 + child_length
        found.append((offset, data[child_start + 4:end - 1].lstrip(b'/')))
        offset = ((end + 3) & ~7) + 4 + _DOUBLES_SIZE
        if offset > len(data):
            raise struct.error(f'{len(data)} bytes end within a transform')
    return found


def _move(data: bytearray, offset: int, restamp: Restamp) -> None:
    sec, nanosec = _STAMP.unpack_from(data, offset)
    _STAMP.pack_into(data, offset, *divmod(restamp(sec * _NS_PER_S + nanosec), _NS_PER_S))


def _move_header(header: Any, restamp: Restamp) -> None:
    header.stamp = time_message(restamp(stamp_ns(header.stamp)))


def _message(data: bytes, message_type: Any) -> Any:
    try:
        return deserialize_message(data, message_type)
    except (RuntimeError, ValueError) as error:
        raise UnreadableMessageError(f'no {message_type.__name__}: {error}') from None
