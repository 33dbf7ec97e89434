# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a page that is not ours could send: counted, without effect, or the connection's end."""

from __future__ import annotations

from collections import Counter
import json
import math
from random import Random
import time

from fuzzing import fuzz
from mutations import mutated_bytes, mutated_text, odd_value, random_bytes
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2')

from motion_avatar_ros.ros.webxr_session import (  # noqa: E402
    WebXrAbuseError, WebXrSession, json_object,
)
from motion_avatar_ros.trackers.webxr_frame import (  # noqa: E402
    WebXrFrame, WebXrFrameError, decode_frame, encode_frame,
)

LEVEL = (0.0, 0.0, 0.0, 1.0)
DEVICES = {
    'head': ('viewer', False, ((0.1, 1.6, -0.2), LEVEL)),
    'left_hand': ('hand', False, ((-0.3, 1.1, -0.4), LEVEL)),
    'right_hand': ('controller', True, ((0.3, 1.2, -0.4), LEVEL))}
FRAME = encode_frame(7, 1234.5, 1236.75, DEVICES)
PONG = b'\2\0\0\0\1\0\0\0' + bytes(8)
TEXTS = [json.dumps(value) for value in (
    {'type': 'session', 'state': 'visible'}, {'type': 'reset'},
    {'type': 'hello', 'version': 1, 'token': '12345678', 'page': 'abc'})]


def check(frame: WebXrFrame) -> None:
    for position, quaternion in frame.poses.values():
        assert all(map(math.isfinite, (*position, *quaternion)))
        assert max(map(abs, position)) < 200.0
        assert abs(math.hypot(*quaternion) - 1.0) < 1e-6


def message(random: Random) -> bytes | str:
    """Return one message: a frame, an answer or a text, mostly damaged."""
    kind = random.randrange(6)
    if kind < 2:
        return mutated_bytes(random, [FRAME], most=2)
    if kind == 2:
        return mutated_bytes(random, [PONG], most=2)
    if kind == 3:
        return random_bytes(random, (b'\1', b'\2', b''), most=300)
    if kind == 4:
        return json.dumps(odd_value(random), default=str)
    return mutated_text(random, TEXTS)


def test_a_fuzzed_frame_has_sound_poses_or_is_refused():
    fuzz('WebXR frame', lambda random: mutated_bytes(random, [FRAME], most=2), decode_frame,
         (WebXrFrameError,), 4000, check)


def test_a_fuzzed_text_is_an_object_or_refused():
    fuzz('WebXR JSON', lambda random: mutated_text(random, TEXTS), json_object, (ValueError,),
         1500)


def test_a_fuzzed_conversation_gives_sound_frames_in_order_or_is_ended():
    def talk(random: Random) -> list[bytes | str]:
        return [message(random) if random.random() < 0.7 else FRAME
                for _ in range(random.choice((3, 20, 200)))]

    def hold(messages: list[bytes | str]) -> None:
        times_ns: list[int] = []

        def take(frame: WebXrFrame, taken_ns: int) -> None:
            check(frame)
            times_ns.append(taken_ns)

        session = WebXrSession('192.0.2.1', 'browser', 'page', 10.0, Counter(), take)
        for number in range(3):
            session.ping()
            session.receive(b'\2\0\0\0' + (number + 1).to_bytes(4, 'little') + bytes(8))
        for each in messages:
            session.receive(each)
        assert times_ns == sorted(times_ns)
        assert not times_ns or times_ns[-1] <= time.monotonic_ns() + 10 ** 9

    fuzz('WebXR conversation', talk, hold, (WebXrAbuseError,), 200)
