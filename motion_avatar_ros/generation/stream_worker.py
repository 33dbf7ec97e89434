# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The thread in which the pieces of a motion stream are made."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time

from motion_avatar_ros.generation.motion_stream import MotionStream
from motion_avatar_ros.generation.stream_request import ChunkRequest
from motion_avatar_ros.generation.text_to_motion import TextToMotion

_JOIN_S = 5.0


class StreamWorker:
    """Makes what a stream asks for, one piece after the other."""

    def __init__(
        self, stream: MotionStream, generator: TextToMotion,
        on_made: Callable[[float], None] = lambda took_s: None,
        on_problem: Callable[[str], None] = lambda line: None,
    ) -> None:
        """
        Prepare; `start` begins.

        Args:
            stream: to be served.
            generator: used by the thread alone.
            on_made: takes the time [s] that a piece took, in the thread.
            on_problem: takes one line on a piece that could not be made, in the thread.
        """
        self._stream, self._generator = stream, generator
        self._on_made, self._on_problem = on_made, on_problem
        self._must_stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._must_stop.clear()
        self._thread = threading.Thread(target=self._run, name='generator', daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the piece in work."""
        if self._thread is None:
            return
        self._must_stop.set()
        self._stream.wake.set()
        self._thread.join(_JOIN_S)
        self._thread = None

    def _run(self) -> None:
        wake = self._stream.wake
        wake.set()
        while wake.wait() and not self._must_stop.is_set():
            wake.clear()    # before looking, so that nothing said meanwhile is missed
            while not self._must_stop.is_set():
                request = self._stream.next_request()
                if request is None:
                    break
                self._make(request)

    def _make(self, request: ChunkRequest) -> None:
        begun_s = time.monotonic()
        try:
            features = request.made_by(self._generator)
        except Exception as error:  # whatever a model does, the body comes to rest
            problem = f"'{self._generator.name}' failed: {' '.join(str(error).split())}"
            self._stream.refuse(request, problem)
            self._on_problem(problem)
            return
        took_s = time.monotonic() - begun_s
        self._stream.accept(request, features, took_s)
        self._on_made(took_s)
