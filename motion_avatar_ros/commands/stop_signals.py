# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""SIGINT and SIGTERM as an event, for commands that end in order."""

from __future__ import annotations

import signal
import threading


class StopSignals:
    """A context in which both signals set an event, also where a shell has ignored SIGINT."""

    def __enter__(self) -> threading.Event:
        must_stop = threading.Event()
        self._before = {
            number: signal.signal(number, lambda *_: must_stop.set())
            for number in (signal.SIGINT, signal.SIGTERM)}
        return must_stop

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
