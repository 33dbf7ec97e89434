# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One frame of a headset's browser, from the bytes of its message to poses in REP-103 axes.

The bytes (little endian, always 120): kind, three of padding, frame number, the frame's time and
the time of sending [ms of performance.now], then for head, left and right hand: source, flags,
two of padding, position [m] and quaternion xyzw in WebXR's local-floor space.

WebXR: x right, y up, -z forward. REP-103: x forward, y left, z up. World and device axes are
exchanged alike, so a device that looks along the world's forward has no rotation in either.

A hand's pose is that of its grip: origin in the palm, WebXR's -z along a held rod to the thumb,
x out of the back of the right hand and out of the palm of the left one, y towards the arm. Where
hands are tracked without controllers, the wrist joint comes instead (-z to the fingers, y out of
the back of either hand) and is turned and moved to where that grip would be, so that one
calibration serves both.

A pose that is emulated (a position that is guessed, not tracked), not finite, out of any room,
or without a unit quaternion is left out, and why is told.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
import struct

from motion_avatar_ros.errors import MotionAvatarError
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.pose_algebra import Pose, Quaternion, Vector, compose

_FRAME = struct.Struct('<B3xIdd')
_DEVICE = struct.Struct('<BB2x7f')
#: Kind of this message, its first byte.
FRAME_KIND = 1
FRAME_BYTES = _FRAME.size + len(TRACKER_NAMES) * _DEVICE.size

#: Sources of a pose, as the messages number them.
SOURCES = ('none', 'viewer', 'controller', 'hand')
_NONE, _VIEWER, _CONTROLLER, _HAND = range(4)
_EMULATED = 1  # flag
_FARTHEST_M = 100.0
_QUATERNION_TOLERANCE = 0.05

#: From the wrist joint to the grip, as headsets that report both for a hand have them.
_PALM_M: Vector = (0.0, -0.035, -0.065)
_GRIP_OF_WRIST: dict[str, Pose] = {
    'left_hand': (_PALM_M, (0.5, -0.5, -0.5, 0.5)),
    'right_hand': (_PALM_M, (0.5, 0.5, 0.5, 0.5)),
}


class WebXrFrameError(MotionAvatarError):
    """Bytes that are no frame."""


@dataclass(frozen=True)
class WebXrFrame:
    """
    One frame.

    Attributes:
        number: counts up by one per frame of the headset; a gap is what was not sent.
        time_ms: the time the poses were taken, on the headset's clock.
        sent_ms: when the message was made, on that clock.
        poses: of the trackers that have a valid one, in REP-103 axes.
        sources: where each tracker's pose comes from, out of SOURCES.
        faults: why a tracker that has a source has no pose.
    """

    number: int
    time_ms: float
    sent_ms: float
    poses: dict[str, Pose]
    sources: dict[str, str]
    faults: dict[str, str]


def decode_frame(message: bytes) -> WebXrFrame:
    """
    Read one message.

    Raises:
        WebXrFrameError: it is not a frame, or its times make no sense.
    """
    if len(message) != FRAME_BYTES or message[0] != FRAME_KIND:
        raise WebXrFrameError(
            f'a message of {len(message)} bytes; allowed: {FRAME_BYTES}, the first {FRAME_KIND}')
    _, number, time_ms, sent_ms = _FRAME.unpack_from(message)
    if not (math.isfinite(time_ms) and math.isfinite(sent_ms)):
        raise WebXrFrameError('the time of a frame is not finite')
    poses: dict[str, Pose] = {}
    sources: dict[str, str] = {}
    faults: dict[str, str] = {}
    for slot, tracker in enumerate(TRACKER_NAMES):
        source, flags, *values = _DEVICE.unpack_from(message, _FRAME.size + slot * _DEVICE.size)
        is_allowed = source == _VIEWER if tracker == 'head' else source in (_CONTROLLER, _HAND)
        if source != _NONE and not is_allowed:
            raise WebXrFrameError(f'source {source} is none of {tracker}')
        sources[tracker] = SOURCES[source]
        if source == _NONE:
            continue
        pose = (values[0], values[1], values[2]), (values[3], values[4], values[5], values[6])
        fault = _fault(pose, flags)
        if fault is not None:
            faults[tracker] = fault
            continue
        pose = pose[0], _normalised(pose[1])
        if source == _HAND:
            pose = compose(pose, _GRIP_OF_WRIST[tracker])
        poses[tracker] = ros_pose(pose)
    return WebXrFrame(number, time_ms, sent_ms, poses, sources, faults)


def ros_pose(pose: Pose) -> Pose:
    """Exchange WebXR's axes, of world and device, for those of REP-103."""
    (x, y, z), (qx, qy, qz, qw) = pose
    return (-z, -x, y), (-qz, -qx, qy, qw)


def _fault(pose: Pose, flags: int) -> str | None:
    if flags & _EMULATED:
        return 'emulated'
    if not all(map(math.isfinite, (*pose[0], *pose[1]))):
        return 'not_finite'
    if math.hypot(*pose[0]) > _FARTHEST_M:
        return 'far'
    if abs(math.hypot(*pose[1]) - 1.0) > _QUATERNION_TOLERANCE:
        return 'no_rotation'
    return None


def _normalised(quaternion: Quaternion) -> Quaternion:
    scale = 1.0 / math.hypot(*quaternion)
    x, y, z, w = quaternion
    return x * scale, y * scale, z * scale, w * scale


def encode_frame(
    number: int, time_ms: float, sent_ms: float, devices: dict[str, tuple[str, bool, Pose]]
) -> bytes:
    """
    Write a message as the page does, for senders other than it.

    Args:
        number, time_ms, sent_ms: as in WebXrFrame.
        devices: source out of SOURCES, whether the position is emulated, and the pose in
            WebXR's axes, by tracker.
    """
    parts = [_FRAME.pack(FRAME_KIND, number, time_ms, sent_ms)]
    for tracker in TRACKER_NAMES:
        source, is_emulated, (position, quaternion) = devices.get(
            tracker, ('none', False, ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0))))
        parts.append(_DEVICE.pack(
            SOURCES.index(source), _EMULATED if is_emulated else 0, *position, *quaternion))
    return b''.join(parts)
