# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One connected headset: what it sends, judged message by message. Knows no sockets.

A frame passes on when it is well formed, newer than the one before, neither too old nor part of
a flood, and the headset's clock is known. Whatever does not pass is counted and has no effect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
import json
import math
import struct
import time

from motion_avatar_ros.ros.diagnostics import LatencyMeter
from motion_avatar_ros.trackers.remote_clock import RemoteClock
from motion_avatar_ros.trackers.webxr_frame import (
    FRAME_KIND, WebXrFrame, WebXrFrameError, decode_frame,
)

#: Given a frame and the steady time it was taken at [ns].
OnFrame = Callable[[WebXrFrame, int], None]

#: States of the page's XR session that it tells.
SESSION_STATES = ('none', 'visible', 'visible-blurred', 'hidden')

_PONG = struct.Struct('<B3xId')
_PONG_KIND = 2
_MAX_PENDING = 64  # pings without an answer
_MAX_HZ = 250  # frames per second that are passed on; the fastest headsets have 144
_MAX_MESSAGES_HZ = 2000
_MAX_MALFORMED = 100
_MAX_TIME_MS = 1e12  # a browser counts from when its page was loaded
_NS_PER_S = 1_000_000_000


class WebXrAbuseError(Exception):
    """A client that floods or does not speak the protocol; its connection is to be closed."""


class WebXrSession:
    """The state of one accepted headset; used by one thread, read by others."""

    def __init__(
        self, address: str, user_agent: str, page: str, silence_s: float, counts: Counter[str],
        on_frame: OnFrame,
    ) -> None:
        """
        Begin.

        Args:
            address, user_agent: for the diagnostics.
            page: random name of the browser page, the same after it reconnected.
            silence_s: frames older than this are dropped.
            counts: of all that was dropped, by reason.
            on_frame: takes the frames that pass.
        """
        self.address, self.user_agent, self.page = address, user_agent, page
        self.clock = RemoteClock()
        self.round_trips = LatencyMeter(240)
        #: One of SESSION_STATES.
        self.state = 'none'
        #: Where each tracker's pose came from in the last frame.
        self.sources: dict[str, str] = {}
        now_s = time.monotonic()
        self.heard_s = self._second_s = self.began_s = now_s
        self.pose_s: float | None = None
        self._silence_ns = round(silence_s * _NS_PER_S)
        self._counts, self._on_frame = counts, on_frame
        self._pings: dict[int, int] = {}
        self._next_ping = 0
        self._messages = self._frames = self._malformed = 0
        self._number: int | None = None
        self._time_ms = -math.inf

    def ping(self) -> str:
        """Return the next question for the headset's time."""
        self._next_ping += 1
        while len(self._pings) >= _MAX_PENDING:
            self._pings.pop(next(iter(self._pings)))
        self._pings[self._next_ping] = time.monotonic_ns()
        return json.dumps({'type': 'ping', 'id': self._next_ping})

    def is_sending(self, within_s: float) -> bool:
        """Whether poses came lately."""
        return self.pose_s is not None and time.monotonic() - self.pose_s <= within_s

    def receive(self, message: bytes | str) -> None:
        """
        Take one message.

        Raises:
            WebXrAbuseError: there were too many bad ones, or too many at all.
        """
        received_ns = time.monotonic_ns()
        self.heard_s = received_ns / _NS_PER_S
        self._count_message()
        try:
            if isinstance(message, str):
                self._receive_text(message)
            elif message[:1] == bytes([_PONG_KIND]):
                self._receive_pong(message, received_ns)
            else:
                self._receive_frame(message, received_ns)
        except (WebXrFrameError, ValueError) as error:
            self._counts['malformed'] += 1
            self._malformed += 1
            if self._malformed > _MAX_MALFORMED:
                raise WebXrAbuseError(f'this is not the protocol of the page: {error}') from None

    def _count_message(self) -> None:
        if self.heard_s - self._second_s >= 1.0:
            self._second_s, self._messages, self._frames = self.heard_s, 0, 0
        self._messages += 1
        if self._messages > _MAX_MESSAGES_HZ:
            self._counts['floods'] += 1
            raise WebXrAbuseError(f'more than {_MAX_MESSAGES_HZ} messages per second')

    def _receive_text(self, text: str) -> None:
        message = json_object(text)
        kind, state = message.get('type'), message.get('state')
        if kind == 'session' and isinstance(state, str) and state in SESSION_STATES:
            self.state = state
        elif kind == 'reset':
            self._counts['reference_resets'] += 1
        else:
            raise ValueError(f'unknown message {str(kind)[:40]!r}')

    def _receive_pong(self, message: bytes, received_ns: int) -> None:
        if len(message) != _PONG.size:
            raise ValueError(f'a pong of {len(message)} bytes')
        _, number, remote_ms = _PONG.unpack(message)
        sent_ns = self._pings.pop(number, None)
        if sent_ns is None or not 0.0 <= remote_ms < _MAX_TIME_MS:
            raise ValueError('a pong without its ping, or without a time')
        self.clock.add(sent_ns, remote_ms, received_ns)
        self.round_trips.add((received_ns - sent_ns) / _NS_PER_S)

    def _receive_frame(self, message: bytes, received_ns: int) -> None:
        frame = decode_frame(message)
        if not 0.0 <= frame.time_ms <= frame.sent_ms < _MAX_TIME_MS:
            raise ValueError('a frame that was sent before it was taken')
        self._frames += 1
        if self._frames > _MAX_HZ:
            self._counts['frames_too_fast'] += 1
            return
        if self._number is not None:
            self._counts['frames_missed'] += min(max(frame.number - self._number - 1, 0), 10_000)
        self._number = frame.number
        if frame.time_ms <= self._time_ms:
            self._counts['frames_out_of_order'] += 1
            return
        self._time_ms = frame.time_ms
        self.sources = frame.sources
        for tracker, fault in frame.faults.items():
            self._counts[f'{tracker}_{fault}'] += 1
        taken_ns = self.clock.local_ns(frame.time_ms, received_ns)
        if taken_ns is None:
            self._counts['frames_before_clock'] += 1
        elif received_ns - taken_ns > self._silence_ns:
            self._counts['frames_late'] += 1
        elif frame.poses:
            self.pose_s = received_ns / _NS_PER_S
            self._on_frame(frame, taken_ns)


def json_object(text: str) -> dict[str, object]:
    """
    Read one JSON object.

    Raises:
        ValueError: it is none.
    """
    try:
        message = json.loads(text)
    except RecursionError:
        raise ValueError('nested too deeply') from None
    if not isinstance(message, dict):
        raise ValueError('no object')
    return message


assert FRAME_KIND != _PONG_KIND
