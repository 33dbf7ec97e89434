# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A headset without a browser: speaks the page's protocol over a WebSocket, or abuses it."""

from __future__ import annotations

import json
import ssl
import struct
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from motion_avatar_ros.trackers.webxr_frame import encode_frame

LEVEL = (0.0, 0.0, 0.0, 1.0)
DEVICES = {
    'head': ('viewer', False, ((0.0, 1.6, 0.0), LEVEL)),
    'left_hand': ('controller', False, ((-0.3, 1.1, -0.4), LEVEL)),
    'right_hand': ('controller', False, ((0.3, 1.1, -0.4), LEVEL)),
}
_PONG = struct.Struct('<B3xId')


def socket_to(page: str, **options: Any) -> ClientConnection:
    """Open the WebSocket of a page, as a browser that was told to trust it."""
    address = urlsplit(page)
    if address.scheme == 'https':
        options['ssl'] = ssl._create_unverified_context()
    options.setdefault('origin', f'{address.scheme}://{address.netloc}')
    scheme = 'wss' if address.scheme == 'https' else 'ws'
    return connect(
        f'{scheme}://{address.netloc}/headset', compression=None, ping_interval=None, **options)


class HeadsetClient:
    """Says hello, then answers pings in a thread of its own."""

    def __init__(self, page: str, token: str, name: str = 'one', take_over: bool = False,
                 clock_ms: float = 1000.0, version: int = 1) -> None:
        self.messages: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self.answers = True
        self.clock_ms = clock_ms  # what its clock shows when local steady time is `_start_s`
        self._start_s = time.monotonic()
        self._number = 0
        self._socket = socket_to(page)
        self.send_json({'type': 'hello', 'version': version, 'token': token, 'page': name,
                        'take_over': take_over})
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def __enter__(self) -> HeadsetClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def now_ms(self) -> float:
        return self.clock_ms + 1e3 * (time.monotonic() - self._start_s)

    @property
    def refusal(self) -> dict[str, Any] | None:
        found = [message for message in self.messages if message['type'] == 'refused']
        return found[0] if found else None

    @property
    def is_welcome(self) -> bool:
        return any(message['type'] == 'welcome' for message in self.messages)

    def got_status(self) -> bool:
        return any(m['type'] == 'status' and m['rtt_ms'] is not None for m in self.messages)

    def send(self, message: bytes | str) -> None:
        self._socket.send(message)

    def send_json(self, message: Any) -> None:
        self._socket.send(json.dumps(message))

    def send_frame(self, devices: dict = DEVICES, age_ms: float = 0.0, skip: int = 0) -> None:
        now_ms = self.now_ms
        self._number += 1 + skip
        self._socket.send(encode_frame(self._number, now_ms - age_ms, now_ms, devices))

    def send_frames(self, seconds: float, rate_hz: float = 72.0, devices: dict = DEVICES) -> None:
        next_s = time.monotonic()
        for _ in range(round(seconds * rate_hz)):
            self.send_frame(devices)
            next_s += 1.0 / rate_hz
            time.sleep(max(0.0, next_s - time.monotonic()))

    def wait_closed(self, timeout_s: float = 5.0) -> int | None:
        self._thread.join(timeout_s)
        return self.close_code

    def close(self) -> None:
        self._socket.close()
        self._thread.join(5.0)

    def cut(self) -> None:
        """Lose the network: nothing is said any more, not even good-bye."""
        self.answers = False

    def _listen(self) -> None:
        try:
            for text in self._socket:
                message = json.loads(text)
                self.messages.append(message)
                if message['type'] == 'ping' and self.answers:
                    self._socket.send(_PONG.pack(2, message['id'], self.now_ms))
        except ConnectionClosed:
            pass
        self.close_code = self._socket.close_code
